// Worker: one thread with an event loop, and everything that is worker-local: listeners, clusters,
// connections. Thread: made and commanded by the main thread; commands run on the worker through
// Loop::post. Lifetime: the server's. join() before destruction.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

#include "api/config/bootstrap.h"
#include "api/config/runtime_snapshot.h"
#include "proxy/chain_handlers.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/internal_listeners.h"
#include "proxy/net/listener.h"
#include "proxy/net/listener_directory.h"
#include "proxy/net/listener_share.h"
#include "proxy/observe/http_date.h"
#include "proxy/observe/log_writer.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger {

struct WorkerParts {
  unsigned number;
  stream::ServerState& server;
  observe::LogWriter& logs;
  const config::NodeIdentity& node;
  config::RuntimeSnapshotPtr runtime;
};

class Worker {
 public:
  explicit Worker(const WorkerParts& parts);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before start(): the configuration. The first worker that gets a listener opens its sockets.
  void set_clusters(const std::vector<config::ClusterPtr>& clusters) {
    clusters_.set_clusters(clusters);
  }
  absl::Status add_listener(std::shared_ptr<net::ListenerShare> listener);
  std::vector<net::Address> bound_addresses(size_t listener) const;

  void start();
  void stop();  // the thread ends after its turn; connections are cut
  void join();

  // Commands; any thread.
  using ListenerChoice = std::function<bool(const config::Listener&)>;
  void stop_listening(ListenerChoice chosen);
  void drain(ListenerChoice chosen);
  void set_runtime(config::RuntimeSnapshotPtr runtime);
  // The endpoints of the cluster in this slot from now on.
  void update_endpoints(uint32_t slot, upstream::EndpointSetPtr endpoints);
  // Calls `done(connections)` on the worker.
  void count_connections(std::function<void(size_t)> done);

 private:
  void run();

  unsigned number_;
  std::unique_ptr<runtime::Loop> loop_;
  upstream::ClusterTable clusters_;
  stream::Random random_;
  observe::HttpDate date_;
  stream::WorkerServices services_;
  net::ConnectionServices connection_services_;
  ChainHandlers chain_handlers_;
  net::ListenerDirectory directory_;
  net::InternalListeners internal_listeners_;
  net::ListenerServices listener_services_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  std::thread thread_;
};

}  // namespace outrigger
