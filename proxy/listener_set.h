// ListenerSet: the listeners of the process, static and dynamic alike: their sockets, their copies
// on every worker, their draining. Thread: main; workers are told by Loop::post. Lifetime: the
// server's; the workers outlive it, or have been joined.
//
// A listener is set() anew:
//   only filter chains differ   in place: chains that stayed keep their connections, those of the
//                               others drain for the drain time and are then closed
//   the sockets stay            a new listener accepts from the same sockets (no connection that
//                               waits in their queues is lost), all connections of the old drain
//   other addresses or options  new sockets; the old listener stops and drains
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/steady_timer.hpp"

#include "api/config/listener.h"
#include "api/stats_server.h"
#include "proxy/admin/server_view.h"
#include "proxy/net/listen_sockets.h"
#include "proxy/net/listener.h"
#include "proxy/net/listener_share.h"
#include "proxy/worker.h"
#include "xds/sinks.h"

namespace outrigger {

struct ListenerSetParts {
  boost::asio::io_context& io;
  StatsRegistry& stats;
  std::vector<std::unique_ptr<Worker>>& workers;
  net::ProcessConnections& connections;
  std::chrono::seconds drain_time;
  // Who has sockets already that a listener may take over (hot restart); nullptr: nobody.
  net::SocketSource* inherited = nullptr;
};

class ListenerSet final : public xds::ListenerSink {
 public:
  explicit ListenerSet(ListenerSetParts parts);
  ~ListenerSet() override;
  ListenerSet(const ListenerSet&) = delete;
  ListenerSet& operator=(const ListenerSet&) = delete;

  // ListenerSink
  absl::Status warm(const config::ListenerPtr& listener) override;
  void abandon(const std::string& name) override;
  absl::Status set(const config::ListenerPtr& listener) override;
  void remove(const std::string& name, std::function<void()> drained) override;

  using Choice = std::function<bool(const config::Listener&)>;
  // The chosen listeners accept no more, nor do chosen ones that are set from now on.
  void stop(const Choice& chosen);
  // The connections of the chosen listeners end as their requests do, soon: the process is about
  // to.
  void drain(const Choice& chosen, net::DrainPace pace = net::DrainPace::soon);
  // After stop(): all accept again, where their addresses can be had.
  void resume();
  // Of all listeners, those that drain too.
  size_t open_connections() const;
  // No connection is left, and every worker has done what it was told.
  bool drained() const { return *commands_ == 0 && open_connections() == 0; }

  // Listeners in force, in the order in which they came.
  std::vector<admin::ListenerStatus> status() const;
  std::vector<config::ListenerPtr> listeners() const;
  // Their listening sockets, for a process that takes over.
  std::vector<std::shared_ptr<const net::ListenSockets>> sockets() const;

 private:
  struct Generation;
  using GenerationPtr = std::shared_ptr<Generation>;
  struct Entry {
    std::string name;
    GenerationPtr active;   // nullptr: not in force yet
    GenerationPtr warming;  // has its sockets; nullptr: none
  };
  // A generation that ends: its connections, or those of some of its chains.
  struct Ending {
    GenerationPtr generation;
    std::chrono::steady_clock::time_point deadline;
    std::function<void()> drained;
    bool cut = false;
  };
  struct EndingChains {
    std::shared_ptr<std::atomic<size_t>> workers_left;
    size_t chains;
    config::ListenerPtr config;               // that had them
    std::weak_ptr<net::ListenerShare> share;  // gone: so are they
  };

  // Tells every worker.
  void command(const std::function<void(net::WorkerListeners&)>& what);
  Entry* find(const std::string& name);
  Entry& entry(const std::string& name);
  absl::StatusOr<GenerationPtr> prepare(const config::ListenerPtr& listener);
  std::shared_ptr<net::ListenSockets> sockets_in_place(const config::Listener& listener) const;
  bool in_place(const Generation& active, const config::Listener& next) const;
  void update_in_place(Generation& active, const config::ListenerPtr& next);
  void start(const Generation& generation);
  void end(GenerationPtr generation, net::Listener::Waiting waiting, std::function<void()> drained);
  bool stopped(const config::Listener& listener) const;
  void await_endings();
  void look_at_endings();
  void show_counts();

  ListenerSetParts parts_;
  StatsScopePtr scope_;
  ListenerManagerStats& stats_;
  std::vector<Entry> entries_;
  std::vector<Ending> endings_;
  std::vector<EndingChains> ending_chains_;
  // Large configurations take their time to be freed: that is done here, after the workers have let
  // go of them.
  std::vector<config::ListenerPtr> retired_;
  std::vector<Choice> stopped_;
  boost::asio::steady_timer endings_timer_;
  bool awaiting_ = false;
  // What workers were told and have not done yet.
  std::shared_ptr<std::atomic<size_t>> commands_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace outrigger
