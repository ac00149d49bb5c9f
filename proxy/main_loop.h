// MainLoop: what the main thread has of a worker: a loop, driven by Asio, with the clusters of the
// configuration, so that gRPC calls of the process itself (xDS, access logs, traces) use the same
// connections, TLS and statistics as requests do. Thread: main. Lifetime: the server's; clients
// and streams end before it, and it before the io_context.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "boost/asio/io_context.hpp"
#include "boost/asio/posix/stream_descriptor.hpp"
#include "boost/asio/steady_timer.hpp"

#include "api/config/cluster.h"
#include "api/grpc/client.h"
#include "proxy/runtime/driven_loop.h"
#include "proxy/upstream/cluster_table.h"

namespace outrigger {

class MainLoop {
 public:
  explicit MainLoop(boost::asio::io_context& io);
  ~MainLoop();
  MainLoop(const MainLoop&) = delete;
  MainLoop& operator=(const MainLoop&) = delete;

  // As a worker's commands; in force with the next turn.
  void set_clusters(std::vector<config::ClusterPtr> clusters);
  void update_endpoints(uint32_t slot, upstream::EndpointSetPtr endpoints);
  // Other commands to the table: runs `task` in the next turn.
  void command(std::function<void(upstream::ClusterTable&)> task);

  grpc::ClientFactory& grpc() { return *grpc_; }
  runtime::Loop& loop() { return *loop_; }
  // Who calls the loop's objects from outside a turn calls this before: they know what time it is,
  // and a turn follows soon.
  void wake();
  // Ends every connection now, while clients and streams may still be there.
  void close_all();

 private:
  void await_events();
  void schedule_turn();
  void turn();

  boost::asio::io_context& io_;
  std::unique_ptr<runtime::DrivenLoop> loop_;
  upstream::ClusterTable clusters_;
  std::unique_ptr<grpc::ClientFactory> grpc_;
  boost::asio::posix::stream_descriptor events_;
  boost::asio::steady_timer timer_;
  bool scheduled_ = false;
  bool in_turn_ = false;
};

}  // namespace outrigger
