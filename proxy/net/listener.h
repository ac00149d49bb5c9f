// Listener: one configured listener on ONE worker: its listening sockets, the limits of its
// connections, the choice of a filter chain for each of them. Thread: that worker. Lifetime: from
// start() until its last connection is closed; stop() ends the accepting.
//
//   accepted -> limits -> (listener filters: pending_connection.h) -> chain -> (TLS) ->
//   ChainHandler
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "api/config/listener.h"
#include "api/stats_server.h"
#include "api/stream_info.h"
#include "proxy/net/chain_handler.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/listener_directory.h"
#include "proxy/net/listener_log.h"
#include "proxy/net/listener_share.h"
#include "proxy/runtime/loop.h"
#include "proxy/tls/server_context.h"

namespace outrigger::net {

class PendingConnection;

// What the listeners of one worker use. `make_chain` makes the end of a chain when its first
// connection comes.
struct ListenerServices {
  ConnectionServices& connection;
  ListenerDirectory& directory;
  observe::LogWriter& logs;
  std::function<std::unique_ptr<ChainHandler>(const config::ListenerPtr& listener,
                                              const config::FilterChainPtr& chain)>
      make_chain;
};

class Listener final : private runtime::AcceptHandler {
 public:
  Listener(std::shared_ptr<ListenerShare> share, ListenerServices& services);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Opens the sockets, or takes part in those that the first worker has opened.
  absl::Status start();
  // Accepts no more; the system refuses what comes.
  void stop();
  bool stopped() const { return stopped_; }
  const config::Listener& config() const { return *share_->config(); }
  bool takes_ipv4() const { return config().addresses.front().ipv4_compat; }
  // In the order of the configuration: the address, then the additional ones.
  std::vector<Address> bound_addresses() const;

  // Its connections, of all chains.
  void drain();
  void close_all();
  size_t connection_count() const;

  // A connection that another worker has accepted and counted here.
  void adopt(int fd, const Address& remote, CountedConnection counted);
  // A connection from inside the process.
  void accept_internal(std::unique_ptr<runtime::Transport> transport);
  // A connection that was accepted by another listener of this worker for an address of this one.
  void take_over(std::unique_ptr<runtime::Transport> transport, DownstreamConnectionInfo info);
  // The listener filters are through.
  void choose_chain(std::unique_ptr<runtime::Transport> transport, DownstreamConnectionInfo info,
                    bool may_hand_off);
  // It ended before a chain was chosen, or is not to live on.
  void give_up(const DownstreamConnectionInfo& info, const Outcome& outcome) {
    log_.log_end(info, outcome);
  }
  void on_pending_ended(PendingConnection& pending);

  ListenerStats& stats() { return stats_; }
  ConnectionServices& services() { return services_.connection; }

 private:
  struct Chain {
    config::FilterChainPtr config;
    std::unique_ptr<tls::ServerContext> tls;  // nullptr: plain, or no connection yet
    std::unique_ptr<ChainHandler> end;        // nullptr: no connection yet
  };

  void on_accept(std::unique_ptr<runtime::Transport> transport) override;
  bool take_descriptor(int fd, const Address& remote) override;
  void on_accept_event(uint32_t connections) override;

  absl::Status open(const config::Listener::ListenAddress& listen, const BoundSocket* bound);
  bool over_limit();
  void read_limits();
  void begin(std::unique_ptr<runtime::Transport> transport, CountedConnection counted);
  void run_filters(std::unique_ptr<runtime::Transport> transport, DownstreamConnectionInfo info,
                   bool may_hand_off);
  Chain* find_chain(DownstreamConnectionInfo& info);
  bool wrap_tls(Chain& chain, std::unique_ptr<runtime::Transport>& transport);
  void refuse(std::unique_ptr<runtime::Transport> transport, const DownstreamConnectionInfo& info,
              const Outcome& outcome);

  std::shared_ptr<ListenerShare> share_;
  ListenerServices& services_;
  ListenerStats& stats_;
  ListenerLog log_;
  std::vector<Chain> chains_;  // as configured, then the default chain
  std::vector<std::unique_ptr<PendingConnection>> pending_;
  std::vector<std::unique_ptr<runtime::Acceptor>> acceptors_;
  bool stopped_ = false;
  // Limits of the runtime snapshot that was read last.
  config::RuntimeSnapshotPtr limits_of_;
  int64_t own_limit_;
  int64_t process_limit_;
};

}  // namespace outrigger::net
