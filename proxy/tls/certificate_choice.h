// CertificateChoice: which of a server's certificates a client gets: by name (exact, then wildcard,
// then the first), ECDSA before RSA for clients that can, and with the OCSP answer that the policy
// asks for. Thread: one worker. Lifetime: its server state's.
// Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl#certificate-selection
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "api/config/tls.h"
#include "api/tls_connection.h"
#include "proxy/tls/client_hello.h"
#include "proxy/tls/ocsp_staple.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

struct ServerCertificate {
  SslCtxPtr ctx;
  X509Ptr leaf;
  int ecdsa_curve = NID_undef;  // undef: not ECDSA
  bool must_staple = false;
  OcspStaple staple;
  std::shared_ptr<const CertificateInfo> info;  // made when somebody asks
};

enum class StapleAction : uint8_t {
  not_asked,
  staple,
  omit,
  fail
};

class CertificateChoice {
 public:
  struct Choice {
    const ServerCertificate* certificate;
    StapleAction staple;
  };

  CertificateChoice(const config::TlsContext& context,
                    const std::vector<ServerCertificate>& certificates);

  Choice choose(const ClientHello& hello) const;

 private:
  struct Search;
  bool try_certificate(const ServerCertificate& certificate, Search& search) const;
  void try_name(const std::string& name, Search& search) const;
  void try_all(Search& search) const;
  StapleAction staple_action(const ServerCertificate& certificate, const ClientHello& hello) const;
  void add_name(std::string name, const ServerCertificate& certificate);

  const std::vector<ServerCertificate>& certificates_;
  // ".example.com" stands for "*.example.com"; one certificate for each kind of key.
  std::unordered_map<std::string, std::vector<const ServerCertificate*>> by_name_;
  config::OcspPolicy policy_;
  bool full_scan_;
};

}  // namespace outrigger::tls
