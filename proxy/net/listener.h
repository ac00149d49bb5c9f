// Listener: one configured listener on ONE worker: its listening sockets and the choice of a filter
// chain for each connection. Thread: that worker. Lifetime: from start() to stop(); connections
// that it accepted live on.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "api/config/listener.h"
#include "api/stats_server.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

// Takes the connections of one filter chain.
class ChainHandler {
 public:
  virtual void on_connection(std::unique_ptr<runtime::Transport> transport) = 0;

 protected:
  ~ChainHandler() = default;
};

class Listener final : private runtime::AcceptHandler {
 public:
  Listener(config::ListenerPtr config, runtime::Loop& loop, unsigned worker, ChainHandler& chain);

  // Opens the sockets. `bound` are the addresses that another worker got for port 0; empty: this is
  // the first worker.
  absl::Status start(const std::vector<Address>& bound);
  // Accepts no more; the system refuses what comes.
  void stop() { acceptors_.clear(); }
  bool listening() const { return !acceptors_.empty(); }
  const config::Listener& config() const { return *config_; }
  // In the order of the configuration: the address, then the additional ones.
  std::vector<Address> bound_addresses() const;

 private:
  void on_accept(std::unique_ptr<runtime::Transport> transport) override;
  absl::Status open(const Address& address);

  config::ListenerPtr config_;
  runtime::Loop& loop_;
  ListenerStats& stats_;
  ChainHandler& chain_;
  std::vector<std::unique_ptr<runtime::Acceptor>> acceptors_;
};

}  // namespace outrigger::net
