// InternalListeners: connections from inside the process to the internal listeners of ONE worker.
// A cluster reaches them through Loop::connect() with an internal address
// (Address::from_internal). Thread: that worker. Lifetime: the worker's.
#pragma once

#include <memory>

#include "proxy/net/listener_directory.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

class InternalListeners final : public runtime::InternalConnector {
 public:
  InternalListeners(runtime::Loop& loop, ListenerDirectory& directory)
      : loop_(loop), directory_(directory) {
    loop_.set_internal_connector(this);
  }
  ~InternalListeners() { loop_.set_internal_connector(nullptr); }
  InternalListeners(const InternalListeners&) = delete;
  InternalListeners& operator=(const InternalListeners&) = delete;

  absl::StatusOr<std::unique_ptr<runtime::Transport>> connect_internal(
      const runtime::ConnectOptions& options, runtime::TransportHandler& handler) override;

 private:
  runtime::Loop& loop_;
  ListenerDirectory& directory_;
};

}  // namespace outrigger::net
