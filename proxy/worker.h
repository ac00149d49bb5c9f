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
#include "proxy/grpc/client_factory.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/internal_listeners.h"
#include "proxy/net/listener.h"
#include "proxy/net/listener_directory.h"
#include "proxy/net/worker_listeners.h"
#include "proxy/observe/http_date.h"
#include "proxy/observe/log_writer.h"
#include "proxy/runtime/loop.h"
#include "proxy/stream/async_client.h"
#include "proxy/stream/worker_services.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger {

struct WorkerParts {
  unsigned number;
  stream::ServerState& server;
  observe::LogWriter& logs;
  const config::NodeIdentity& node;
  config::RuntimeSnapshotPtr runtime;
  StatsRegistry& stats;
  bool measures_turns = false;
};

class Worker {
 public:
  explicit Worker(const WorkerParts& parts);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  void stop();  // the thread ends after its turn; connections are cut
  void join();

  // Commands; any thread.
  // Before start() the command runs at once.
  void command_clusters(std::function<void(upstream::ClusterTable&)> command);
  void command_listeners(std::function<void(net::WorkerListeners&)> command);
  void set_runtime(config::RuntimeSnapshotPtr runtime);

 private:
  void run();

  unsigned number_;
  StatsScopePtr dispatcher_scope_;
  std::unique_ptr<runtime::Loop> loop_;
  upstream::ClusterTable clusters_;
  stream::Random random_;
  observe::HttpDate date_;
  stream::WorkerServices services_;
  stream::AsyncHttpClient http_client_{services_};
  grpc::ClusterClients grpc_clients_;
  net::ConnectionServices connection_services_;
  ChainHandlers chain_handlers_;
  net::ListenerDirectory directory_;
  net::InternalListeners internal_listeners_;
  net::ListenerServices listener_services_;
  net::WorkerListeners listeners_;
  std::thread thread_;
};

}  // namespace outrigger
