// CurrentState: what ONE worker has made of a slot's content: its OpenSSL contexts, made anew when
// the content changes. Thread: that worker. Lifetime: its ServerContext's or ClientContext's.
#pragma once

#include <memory>
#include <string>

#include "api/config/tls.h"
#include "api/stats_tls.h"
#include "proxy/runtime/log.h"
#include "proxy/runtime/loop.h"

namespace outrigger::tls {

// State: ServerState or ClientState.
template <class State>
struct CurrentState {
  config::TlsContextSlotPtr slot;
  runtime::Loop& loop;
  unsigned worker;
  uint64_t version = 0;
  std::shared_ptr<State> state;  // nullptr: the secrets are not there yet

  // What was good stays in force if the new content, which was checked before, is not.
  void refresh() {
    if (slot->version() == version) return;
    version = slot->version();
    config::TlsContextPtr context = slot->current();
    if (context == nullptr) return;
    auto made = State::create(std::move(context), worker);
    if (made.ok()) {
      state = *std::move(made);
    } else {
      OUTRIGGER_LOG(connection, error, "a TLS context cannot be used: {}",
                    std::string(made.status().message()));
    }
  }
  // nullptr: nothing is counted there.
  TlsFactoryStats* factory_stats() const {
    return slot->factory_stats == nullptr ? nullptr
                                          : &slot->factory_stats->local<TlsFactoryStats>(worker);
  }
};

}  // namespace outrigger::tls
