// PeerVerifier: what a context asks of its peers' certificates: a chain to a trusted authority, not
// revoked, of the right names or fingerprints. PeerCheck: one connection's answer. Thread: one
// worker. Lifetime: the context's; a PeerCheck's is its connection's.
// Semantics: envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/tls.h"
#include "api/stats_tls.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

class PeerVerifier;

struct PeerCheck {
  const PeerVerifier* verifier = nullptr;
  TlsStats* stats = nullptr;
  std::vector<std::string> names;  // one of them must be a SAN, instead of the context's matchers
  std::string failure;             // a sentence; empty: it did not fail
};

class PeerVerifier {
 public:
  enum class Side : uint8_t {
    server,
    client
  };

  // Errors open with the field inside CertificateValidationContext: "trusted_ca: ...".
  static absl::StatusOr<std::unique_ptr<PeerVerifier>> create(const config::TlsContext& context,
                                                              Side side);

  // SSL_VERIFY_*: whether a certificate is asked for and must come.
  int mode() const { return mode_; }
  // Something is verified, so that a peer that passed is known to be who it says.
  bool validates(const PeerCheck& check) const {
    return trusts_ca_ || matches_ || !check.names.empty();
  }
  void install(SSL_CTX* ctx) const;
  // A resumed session is as old as its ticket: its certificate may have expired since.
  bool still_valid(X509* certificate, PeerCheck& check) const;

 private:
  PeerVerifier() = default;

  static int on_verify(X509_STORE_CTX* chain, void* self);
  bool verify(SSL* ssl, X509_STORE_CTX* chain, PeerCheck& check) const;
  bool verify_chain(X509_STORE_CTX* chain, PeerCheck& check) const;
  bool verify_leaf(X509* leaf, PeerCheck& check, int& error) const;
  bool names_match(X509* leaf, PeerCheck& check) const;
  bool key_usage_allows(SSL* ssl, X509* leaf, PeerCheck& check) const;
  absl::Status load_authorities(const config::TlsValidation& from);
  absl::Status load_revocations(const config::TlsValidation& from);

  config::TlsValidation settings_;  // without the PEM texts
  X509StorePtr store_;
  std::vector<X509Ptr> authorities_;
  bool enforce_rsa_key_usage_ = false;
  bool trusts_ca_ = false;
  bool matches_ = false;
  int mode_ = SSL_VERIFY_NONE;
  Side side_ = Side::server;
};

}  // namespace outrigger::tls
