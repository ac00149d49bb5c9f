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
#include "proxy/net/listener.h"
#include "proxy/observe/http_date.h"
#include "proxy/observe/log_writer.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/http_listener.h"
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

  // Before start(): the configuration. `bound[i]`: the addresses that the first worker got for
  // listener i.
  void set_clusters(const std::vector<config::ClusterPtr>& clusters) {
    clusters_.set_clusters(clusters);
  }
  absl::Status add_listener(const config::ListenerPtr& listener,
                            const std::vector<net::Address>& bound);
  std::vector<net::Address> bound_addresses(size_t listener) const;

  void start();
  void stop();  // the thread ends after its turn; connections are cut
  void join();

  // Commands; any thread.
  using ListenerChoice = std::function<bool(const config::Listener&)>;
  void stop_listening(ListenerChoice chosen);
  void drain(ListenerChoice chosen);
  void set_runtime(config::RuntimeSnapshotPtr runtime);
  // Calls `done(connections)` on the worker.
  void count_connections(std::function<void(size_t)> done);

 private:
  struct Entry {
    std::unique_ptr<stream::HttpListener> connections;
    std::unique_ptr<net::Listener> listener;
  };

  void run();

  unsigned number_;
  std::unique_ptr<runtime::Loop> loop_;
  upstream::ClusterTable clusters_;
  stream::Random random_;
  observe::HttpDate date_;
  stream::WorkerServices services_;
  std::vector<Entry> listeners_;
  std::thread thread_;
};

}  // namespace outrigger
