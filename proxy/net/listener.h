// Listener: one configured listener on ONE worker: its listening sockets and the choice of a filter
// chain for each connection. Thread: that worker. Lifetime: from start() to stop(); connections
// that it accepted live on.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "api/config/listener.h"
#include "api/stats_server.h"
#include "api/stream_info.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

// The end of one filter chain on ONE worker: takes its connections and owns them. Thread: that
// worker. Lifetime: until its last connection is closed.
class ChainHandler {
 public:
  virtual ~ChainHandler() = default;
  // `transport` has TLS and the network filters around it; `info` says what was found out so far.
  virtual void on_connection(std::unique_ptr<runtime::Transport> transport,
                             DownstreamConnectionInfo info) = 0;
  // Tells every connection to end gracefully.
  virtual void drain() = 0;
  // Ends every connection now.
  virtual void close_all() = 0;
  virtual size_t connection_count() const = 0;
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
