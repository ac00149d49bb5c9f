// HandshakeResult: what a finished handshake says of the connection, kept apart from the SSL object
// so that logs may read it later. Certificates are taken apart when somebody first asks. Thread:
// one worker. Lifetime: shared; it holds the certificates.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/tls_connection.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

class HandshakeResult final : public TlsConnection {
 public:
  // After the handshake. `server_name`: as received or sent.
  HandshakeResult(SSL* ssl, std::string server_name, bool peer_validated);

  std::string_view version() const override { return version_; }
  std::string_view cipher() const override { return cipher_; }
  std::string_view alpn() const override { return alpn_; }
  std::string_view server_name() const override { return server_name_; }
  std::string_view session_id() const override { return session_id_; }
  bool session_reused() const override { return reused_; }
  bool peer_certificate_presented() const override { return !peer_chain_.empty(); }
  bool peer_certificate_validated() const override { return validated_; }
  const CertificateInfo* peer() const override { return described(peer_chain_, peer_); }
  const CertificateInfo* local() const override { return described(local_chain_, local_); }

 private:
  static const CertificateInfo* described(const std::vector<X509Ptr>& chain,
                                          std::optional<CertificateInfo>& info);

  const char* version_;  // static texts of OpenSSL
  const char* cipher_;
  std::string alpn_;
  std::string server_name_;
  std::string session_id_;
  std::vector<X509Ptr> peer_chain_;  // the leaf first
  std::vector<X509Ptr> local_chain_;
  mutable std::optional<CertificateInfo> peer_, local_;
  bool reused_;
  bool validated_;
};

}  // namespace outrigger::tls
