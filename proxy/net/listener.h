// Listener: one configured listener on ONE worker: its listening sockets, the limits of its
// connections, the choice of a filter chain for each of them. Thread: that worker. Lifetime: from
// start() until its last connection is closed; stop() ends the accepting. Its filter chains may
// change meanwhile (set_chains), nothing else of its configuration.
//
//   accepted -> limits -> (listener filters: pending_connection.h) -> chain -> (TLS) ->
//   ChainHandler
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "api/config/listener.h"
#include "api/listener_counts.h"
#include "api/stream_info.h"
#include "proxy/net/chain_handler.h"
#include "proxy/net/chain_set.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/draining_chains.h"
#include "proxy/net/listen_sockets.h"
#include "proxy/net/listener_directory.h"
#include "proxy/net/listener_log.h"
#include "proxy/net/listener_share.h"
#include "proxy/runtime/loop.h"

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
  Listener(std::shared_ptr<ListenerShare> share, ChainSetPtr chains, ListenerServices& services);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Accepts from copies of the sockets; nullptr: connections come from other listeners or from
  // inside the process.
  absl::Status start(const ListenSockets* sockets);
  // What becomes of connections that the system has accepted, but nobody here has.
  enum class Waiting : uint8_t {
    taken,     // they are taken before the sockets are closed
    left_over  // they are for who has the sockets now
  };
  // Accepts no more; the system refuses what comes.
  void stop(Waiting waiting);
  bool stopped() const { return stopped_; }
  const config::Listener& config() const { return *share_->config(); }
  bool takes_ipv4() const { return config().addresses.front().ipv4_compat; }

  // The chains of connections that are accepted from now on. Connections of chains that are not
  // among them drain; `drained` is called when they are gone, at the latest after `drain_time`.
  void set_chains(ChainSetPtr chains, std::chrono::milliseconds drain_time,
                  std::function<void()> drained);
  // Its connections, of all chains.
  void drain(DrainPace pace);
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

  ListenerStats& stats() { return counts_.all(); }
  ConnectionServices& services() { return services_.connection; }

 private:
  void on_accept(std::unique_ptr<runtime::Transport> transport) override;
  bool take_descriptor(int fd, const Address& remote) override;
  void on_accept_event(uint32_t connections) override;

  absl::Status open(const Address& address, int descriptor);
  bool process_at_limit() const;
  bool over_limit();
  void read_limits();
  void begin(std::unique_ptr<runtime::Transport> transport, CountedConnection counted);
  void run_filters(std::unique_ptr<runtime::Transport> transport, DownstreamConnectionInfo info,
                   bool may_hand_off);
  WorkerChain* find_chain(DownstreamConnectionInfo& info);
  bool wrap_tls(WorkerChain& chain, std::unique_ptr<runtime::Transport>& transport);
  void refuse(std::unique_ptr<runtime::Transport> transport, const DownstreamConnectionInfo& info,
              const Outcome& outcome);

  void on_chains_drained(DrainingChains& chains);
  template <class Do>
  void for_chains(Do what);

  std::shared_ptr<ListenerShare> share_;
  ListenerServices& services_;
  ListenerCounts counts_;
  ListenerLog log_;
  ChainSetPtr chain_set_;
  std::vector<WorkerChain> chains_;  // in the order of the set
  std::vector<std::unique_ptr<DrainingChains>> draining_;
  std::vector<std::unique_ptr<PendingConnection>> pending_;
  std::vector<std::unique_ptr<runtime::Acceptor>> acceptors_;
  std::vector<Address> addresses_;  // where others find it
  bool stopped_ = false;
  std::optional<DrainPace> pace_;  // it drains
  // Limits of the runtime snapshot that was read last.
  config::RuntimeSnapshotPtr limits_of_;
  int64_t own_limit_;
  int64_t process_limit_;
};

}  // namespace outrigger::net
