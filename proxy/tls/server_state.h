// ServerState: one version of a server context on one worker: an SSL_CTX for each certificate and
// what the handshakes ask of them. Thread: that worker; or main, to check a configuration.
// Lifetime: shared by the context and the connections that began with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/tls.h"
#include "proxy/tls/certificate_choice.h"
#include "proxy/tls/handshake_stats.h"
#include "proxy/tls/peer_verifier.h"
#include "proxy/tls/ticket_keys.h"
#include "proxy/tls/tls_transport.h"

namespace outrigger::tls {

class ServerState final : public HandshakeEvents {
 public:
  // Errors open with the field inside DownstreamTlsContext.
  static absl::StatusOr<std::shared_ptr<ServerState>> create(config::TlsContextPtr context,
                                                             unsigned worker);

  SslPtr make_ssl() const;
  const PeerVerifier& verifier() const { return *verifier_; }

  // HandshakeEvents
  void on_handshake(SSL* ssl) override { stats_.count(ssl); }
  std::shared_ptr<const CertificateInfo> local_certificate(SSL* ssl) override;
  TlsStats& stats() override { return stats_.counters(); }

 private:
  ServerState(config::TlsContextPtr context, unsigned worker);

  absl::Status add_certificate(const config::TlsCertificate& from);
  void set_up(SSL_CTX* ctx);
  void set_session_id_context();

  static ServerState& of(SSL* ssl);
  static int on_hello(SSL* ssl, int* alert, void* self);
  static int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                     const unsigned char* in, unsigned in_size, void* self);
  static int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                       EVP_MAC_CTX* mac, int encrypt);
  static int on_ocsp(SSL* ssl, void* self);

  config::TlsContextPtr context_;
  HandshakeStats stats_;
  TicketKeys tickets_;
  std::unique_ptr<PeerVerifier> verifier_;
  std::vector<ServerCertificate> certificates_;
  std::unique_ptr<CertificateChoice> choice_;
  std::string alpn_;  // as on the wire, in the order of preference
};

}  // namespace outrigger::tls
