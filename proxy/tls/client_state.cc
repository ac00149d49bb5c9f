#include "proxy/tls/client_state.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include <openssl/err.h>

#include "proxy/tls/certificate_info.h"
#include "proxy/tls/context_settings.h"
#include "proxy/tls/error_text.h"
#include "proxy/tls/key_pair.h"

namespace outrigger::tls {
namespace {

// What the connection's session serves for, kept with the SSL.
int purpose_index() {
  static const int kIndex = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* purpose, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<std::string*>(purpose);
      });
  return kIndex;
}

}  // namespace

absl::StatusOr<std::shared_ptr<ClientState>> ClientState::create(config::TlsContextPtr context,
                                                                 unsigned worker) {
  std::shared_ptr<ClientState> state(new ClientState(std::move(context), worker));
  const config::TlsContext& from = *state->context_;
  auto verifier = PeerVerifier::create(from, PeerVerifier::Side::client);
  if (!verifier.ok()) {
    return absl::InvalidArgumentError("common_tls_context.validation_context." +
                                      std::string(verifier.status().message()));
  }
  state->verifier_ = *std::move(verifier);
  auto ctx = make_ssl_ctx(from, false);
  if (!ctx.ok())
    return absl::InvalidArgumentError("common_tls_context." + std::string(ctx.status().message()));
  state->ctx_ = *std::move(ctx);
  SSL_CTX_set_app_data(state->ctx_.get(), state.get());
  state->verifier_->install(state->ctx_.get());
  if (!from.certificates.empty()) {
    auto pair = parse_key_pair(from.certificates.front());
    absl::Status status = pair.ok() ? use_key_pair(state->ctx_.get(), *pair) : pair.status();
    if (!status.ok()) {
      return absl::InvalidArgumentError("common_tls_context.tls_certificates[0]." +
                                        std::string(status.message()));
    }
  }
  if (from.max_session_keys > 0) {
    SSL_CTX_set_session_cache_mode(state->ctx_.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(state->ctx_.get(), &ClientState::on_session);
  } else {
    SSL_CTX_set_session_cache_mode(state->ctx_.get(), SSL_SESS_CACHE_OFF);
  }
  return state;
}

std::string ClientState::server_name(const ClientTarget& target) const {
  if (!target.sni.empty()) return target.sni;
  if (context_->auto_host_sni && !target.host_name.empty()) return target.host_name;
  return context_->sni;
}

std::vector<std::string> ClientState::verify_names(const ClientTarget& target) const {
  if (!target.verify_names.empty()) return target.verify_names;
  std::string name = context_->auto_sni_san_validation ? server_name(target) : std::string();
  return name.empty() ? std::vector<std::string>() : std::vector<std::string>{name};
}

SslPtr ClientState::make_ssl(const ClientTarget& target) {
  SslPtr ssl(SSL_new(ctx_.get()));
  if (ssl == nullptr) return nullptr;
  SSL_set_connect_state(ssl.get());
  std::string name = server_name(target);
  if (!name.empty() && SSL_set_tlsext_host_name(ssl.get(), name.c_str()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  const std::vector<std::string>& alpn = !target.alpn.empty()      ? target.alpn
                                         : !context_->alpn.empty() ? context_->alpn
                                                                   : target.fallback_alpn;
  std::string wire = alpn_wire(alpn);
  if (!wire.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned>(wire.size()));
  }
  std::vector<std::string> names = verify_names(target);
  if (!names.empty())
    SSL_set_verify(ssl.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (context_->max_session_keys > 0)
    resume(ssl.get(), fmt::format("{}|{}", name, absl::StrJoin(names, ",")));
  return ssl;
}

std::shared_ptr<const CertificateInfo> ClientState::local_certificate(SSL* ssl) {
  X509* own = SSL_get_certificate(ssl);
  if (local_ == nullptr && own != nullptr)
    local_ = std::make_shared<const CertificateInfo>(describe_certificate({own}));
  return local_;
}

// The newest one has the best chance; one of TLS 1.3 is used once.
void ClientState::resume(SSL* ssl, const std::string& purpose) {
  SSL_set_ex_data(ssl, purpose_index(), new std::string(purpose));
  auto found = std::find_if(sessions_.begin(), sessions_.end(),
                            [&](const Session& session) { return session.purpose == purpose; });
  if (found == sessions_.end()) return;
  SSL_set_session(ssl, found->session.get());
  if (SSL_SESSION_get_protocol_version(found->session.get()) == TLS1_3_VERSION)
    sessions_.erase(found);
}

int ClientState::on_session(SSL* ssl, SSL_SESSION* session) {
  auto& state = *static_cast<ClientState*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const auto* purpose = static_cast<std::string*>(SSL_get_ex_data(ssl, purpose_index()));
  if (purpose == nullptr) return 0;
  while (state.sessions_.size() >= state.context_->max_session_keys) state.sessions_.pop_back();
  state.sessions_.push_front({*purpose, SessionPtr(session)});
  return 1;  // the reference is ours
}

}  // namespace outrigger::tls
