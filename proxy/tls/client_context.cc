#include "proxy/tls/client_context.h"

#include "proxy/tls/client_state.h"
#include "proxy/tls/current_state.h"

namespace outrigger::tls {

struct ClientContext::Impl : CurrentState<ClientState> {};

ClientContext::ClientContext(config::TlsContextSlotPtr slot, runtime::Loop& loop, unsigned worker)
    : impl_(new Impl{{std::move(slot), loop, worker, 0, nullptr}}) {}

ClientContext::~ClientContext() = default;

std::unique_ptr<runtime::Transport> ClientContext::wrap(std::unique_ptr<runtime::Transport> inner,
                                                        const ClientTarget& target) {
  impl_->refresh();
  SslPtr ssl = impl_->state == nullptr ? nullptr : impl_->state->make_ssl(target);
  if (ssl == nullptr) {
    if (TlsFactoryStats* stats = impl_->factory_stats(); stats != nullptr)
      stats->upstream_context_secrets_not_ready.inc();
    return nullptr;
  }
  TlsTransport::Parts parts;
  parts.inner = std::move(inner);
  parts.ssl = std::move(ssl);
  parts.context = impl_->state;
  parts.verifier = &impl_->state->verifier();
  parts.verify_names = impl_->state->verify_names(target);
  return std::make_unique<TlsTransport>(impl_->loop, std::move(parts));
}

}  // namespace outrigger::tls
