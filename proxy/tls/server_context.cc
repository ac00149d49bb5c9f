#include "proxy/tls/server_context.h"

#include "api/stats_tls.h"
#include "proxy/runtime/log.h"
#include "proxy/tls/server_state.h"

namespace outrigger::tls {

struct ServerContext::Impl {
  config::TlsContextSlotPtr slot;
  runtime::Loop& loop;
  unsigned worker;
  uint64_t version = 0;
  std::shared_ptr<ServerState> state;  // nullptr: the secrets are not there yet

  // What was good stays in force if the new content, which was checked before, is not.
  void refresh() {
    if (slot->version() == version) return;
    version = slot->version();
    config::TlsContextPtr context = slot->current();
    if (context == nullptr) return;
    auto made = ServerState::create(std::move(context), worker);
    if (made.ok()) {
      state = *std::move(made);
    } else {
      OUTRIGGER_LOG(connection, error, "a TLS context cannot be used: {}",
                    std::string(made.status().message()));
    }
  }
};

ServerContext::ServerContext(config::TlsContextSlotPtr slot, runtime::Loop& loop, unsigned worker)
    : impl_(new Impl{std::move(slot), loop, worker, 0, nullptr}) {}

ServerContext::~ServerContext() = default;

std::unique_ptr<runtime::Transport> ServerContext::wrap(std::unique_ptr<runtime::Transport>&& inner,
                                                        std::chrono::milliseconds handshake_timeout,
                                                        Counter* timeouts) {
  impl_->refresh();
  SslPtr ssl = impl_->state == nullptr ? nullptr : impl_->state->make_ssl();
  if (ssl == nullptr) {
    if (impl_->slot->factory_stats != nullptr) {
      impl_->slot->factory_stats->local<TlsFactoryStats>(impl_->worker)
          .downstream_context_secrets_not_ready.inc();
    }
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
