#include "proxy/tls/client_context.h"

#include "api/stats_tls.h"
#include "proxy/runtime/log.h"
#include "proxy/tls/client_state.h"

namespace outrigger::tls {

struct ClientContext::Impl {
  config::TlsContextSlotPtr slot;
  runtime::Loop& loop;
  unsigned worker;
  uint64_t version = 0;
  std::shared_ptr<ClientState> state;  // nullptr: the secrets are not there yet

  // What was good stays in force if the new content, which was checked before, is not.
  void refresh() {
    if (slot->version() == version) return;
    version = slot->version();
    config::TlsContextPtr context = slot->current();
    if (context == nullptr) return;
    auto made = ClientState::create(std::move(context), worker);
    if (made.ok()) {
      state = *std::move(made);
    } else {
      OUTRIGGER_LOG(connection, error, "a TLS context cannot be used: {}",
                    std::string(made.status().message()));
    }
  }
};

ClientContext::ClientContext(config::TlsContextSlotPtr slot, runtime::Loop& loop, unsigned worker)
    : impl_(new Impl{std::move(slot), loop, worker, 0, nullptr}) {}

ClientContext::~ClientContext() = default;

std::unique_ptr<runtime::Transport> ClientContext::wrap(std::unique_ptr<runtime::Transport> inner,
                                                        const ClientTarget& target) {
  impl_->refresh();
  SslPtr ssl = impl_->state == nullptr ? nullptr : impl_->state->make_ssl(target);
  if (ssl == nullptr) {
    if (impl_->slot->factory_stats != nullptr) {
      impl_->slot->factory_stats->local<TlsFactoryStats>(impl_->worker)
          .upstream_context_secrets_not_ready.inc();
    }
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
