// ClientState: one version of a client context on one worker: its SSL_CTX and the sessions that its
// connections may resume. Thread: that worker; or main, to check a configuration. Lifetime: shared
// by the context and the connections that began with it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "api/config/tls.h"
#include "proxy/tls/client_context.h"
#include "proxy/tls/handshake_stats.h"
#include "proxy/tls/peer_verifier.h"
#include "proxy/tls/tls_transport.h"

namespace outrigger::tls {

class ClientState final : public HandshakeEvents {
 public:
  // Errors open with the field inside UpstreamTlsContext.
  static absl::StatusOr<std::shared_ptr<ClientState>> create(config::TlsContextPtr context,
                                                             unsigned worker);

  // nullptr: OpenSSL refuses the name.
  SslPtr make_ssl(const ClientTarget& target);
  // The names of which one must be in the certificate.
  std::vector<std::string> verify_names(const ClientTarget& target) const;
  const PeerVerifier& verifier() const { return *verifier_; }

  // HandshakeEvents
  void on_handshake(SSL* ssl) override { stats_.count(ssl); }
  std::shared_ptr<const CertificateInfo> local_certificate(SSL* ssl) override;
  TlsStats& stats() override { return stats_.counters(); }

 private:
  // A session skips verification, so it serves only connections that ask for the same.
  struct Session {
    std::string purpose;
    SessionPtr session;
  };

  ClientState(config::TlsContextPtr context, unsigned worker)
      : context_(std::move(context)), stats_(*context_, worker) {}

  std::string server_name(const ClientTarget& target) const;
  void resume(SSL* ssl, const std::string& purpose);
  static int on_session(SSL* ssl, SSL_SESSION* session);

  config::TlsContextPtr context_;
  HandshakeStats stats_;
  std::unique_ptr<PeerVerifier> verifier_;
  SslCtxPtr ctx_;
  std::shared_ptr<const CertificateInfo> local_;  // made when somebody asks; nullptr: there is none
  std::deque<Session> sessions_;                  // the newest first
};

}  // namespace outrigger::tls
