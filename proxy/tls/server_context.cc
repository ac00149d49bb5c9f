#include "proxy/tls/server_context.h"

#include "proxy/tls/current_state.h"
#include "proxy/tls/server_state.h"

namespace outrigger::tls {

struct ServerContext::Impl : CurrentState<ServerState> {};

ServerContext::ServerContext(config::TlsContextSlotPtr slot, runtime::Loop& loop, unsigned worker)
    : impl_(new Impl{{std::move(slot), loop, worker, 0, nullptr}}) {}

ServerContext::~ServerContext() = default;

std::unique_ptr<runtime::Transport> ServerContext::wrap(std::unique_ptr<runtime::Transport>&& inner,
                                                        std::chrono::milliseconds handshake_timeout,
                                                        Counter* timeouts) {
  impl_->refresh();
  SslPtr ssl = impl_->state == nullptr ? nullptr : impl_->state->make_ssl();
  if (ssl == nullptr) {
    if (TlsFactoryStats* stats = impl_->factory_stats(); stats != nullptr)
      stats->downstream_context_secrets_not_ready.inc();
    return nullptr;
  }
  TlsTransport::Parts parts;
  parts.inner = std::move(inner);
  parts.ssl = std::move(ssl);
  parts.context = impl_->state;
  parts.verifier = &impl_->state->verifier();
  parts.handshake_timeout = handshake_timeout;
  parts.timeouts = timeouts;
  return std::make_unique<TlsTransport>(impl_->loop, std::move(parts));
}

}  // namespace outrigger::tls
