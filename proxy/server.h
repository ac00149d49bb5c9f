// Server: the process: loads the configuration, starts workers and the administration interface,
// drains, ends. The composition root's core. Thread: main. Lifetime: main()'s.
//
//   pre_initializing --bootstrap--> initializing --listeners open--> live --SIGTERM--> draining
//   --> exit
// Draining: the health check fails first, then listeners close, connections end as their streams
// do; the process exits when none is left, or after --drain-time-s. A second SIGTERM exits at once.
// /drain_listeners?graceful is another thing (stream/drain_ramp.h): listeners close after the drain
// time, and the process stays.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/signal_set.hpp"
#include "boost/asio/steady_timer.hpp"

#include "proxy/admin/admin_server.h"
#include "proxy/admin/server_view.h"
#include "proxy/cluster_set.h"
#include "proxy/control_plane.h"
#include "proxy/dns_cache_set.h"
#include "proxy/health_check_log.h"
#include "proxy/hot_restart/hot_restart.h"
#include "proxy/listener_set.h"
#include "proxy/main_loop.h"
#include "proxy/observe/log_writer.h"
#include "proxy/observe/stats_store.h"
#include "proxy/options.h"
#include "proxy/outlier_log.h"
#include "proxy/server_stats.h"
#include "proxy/server_tls.h"
#include "proxy/stream/worker_services.h"
#include "proxy/worker.h"
#include "xds/bootstrap.h"

namespace outrigger {

class Server final : public admin::ServerView, private xds::RuntimeSink, private hot_restart::Host {
 public:
  explicit Server(const Options& options);
  ~Server() override;

  // Loads and compiles the configuration; every error is in the status.
  absl::Status load();
  // Serves until told to end; the process's exit code.
  int run();

 private:
  // ServerView
  admin::ServerState state() const override;
  std::string version() const override;
  std::chrono::seconds uptime() const override;
  const envoy::admin::v3::CommandLineOptions& command_line_options() const override {
    return *options_proto_;
  }
  const envoy::config::bootstrap::v3::Bootstrap& bootstrap_proto() const override {
    return *loaded_.proto;
  }
  envoy::config::bootstrap::v3::Bootstrap_StaticResources static_resources() const override;
  const config::Bootstrap& bootstrap() const override { return loaded_.compiled; }
  std::chrono::system_clock::time_point bootstrap_loaded_at() const override { return loaded_at_; }
  std::vector<admin::ListenerStatus> listeners() const override { return listeners_->status(); }
  std::vector<admin::ClusterStatus> clusters() const override { return clusters_->clusters(); }
  std::vector<admin::TlsContextStatus> tls_contexts() const override { return tls_.contexts(); }
  std::vector<admin::UnreadyTarget> unready_targets() const override {
    return control_plane_->unready();
  }
  std::vector<std::string> resource_types() const override;
  admin::ResourceTypeStatus resources(std::string_view type_url) const override;
  observe::StatsStore& stats() override { return stats_; }
  admin::RuntimeStore& runtime() override { return *runtime_; }
  observe::LogWriter* access_log_writer() override { return logs_.get(); }
  void fail_health_check(bool failed) override;
  void drain_listeners(const admin::DrainRequest& request) override;
  void quit() override;
  void reopen_logs() override;

  // RuntimeSink
  void set_layer(const config::Bootstrap::RuntimeLayer& layer) override;

  // hot_restart::Host
  std::vector<std::shared_ptr<const net::ListenSockets>> listening() override {
    return listeners_->sockets();
  }
  void refresh_stats() override { gauges_->refresh(uptime(), listeners_->open_connections()); }
  void close_admin() override { admin_.reset(); }
  void reopen_admin() override;
  void hand_over() override;
  void take_back() override;
  void end_process() override { quit(); }

  std::unique_ptr<DnsCacheSet> make_dns_caches();
  absl::Status start();
  // The static clusters have their first endpoints: the rest of the configuration is asked for.
  void discover();
  // It is there, or is not coming: listeners open, workers run.
  void serve(absl::Status discovered);
  absl::Status open_and_start();
  absl::Status open_listeners();
  absl::Status open_admin();
  void await_signals();
  void on_terminate();
  void tick();
  void begin_drain();
  void await_drained();
  void look_at_drain();
  void shut_down();

  Options options_;
  std::unique_ptr<envoy::admin::v3::CommandLineOptions> options_proto_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::system_clock::time_point loaded_at_;
  observe::StatsStore stats_;
  config::ClusterSlots slots_;
  xds::LoadedBootstrap loaded_;
  std::string static_resources_;  // octets; empty: they are still in loaded_
  stream::ServerState server_state_;
  std::unique_ptr<ServerGauges> gauges_;
  std::unique_ptr<admin::RuntimeStore> runtime_;
  std::unique_ptr<observe::LogWriter> logs_;
  std::unique_ptr<net::ProcessConnections> connections_;
  std::vector<std::unique_ptr<Worker>> workers_;
  boost::asio::io_context io_;
  ServerTls tls_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer drain_poll_timer_;
  boost::asio::steady_timer stop_timer_;  // listeners that drain gracefully stop then
  std::unique_ptr<hot_restart::HotRestart> hot_restart_;  // nullptr: it is off
  std::unique_ptr<MainLoop> main_loop_;
  std::unique_ptr<OutlierLog> outlier_log_;  // nullptr: none is configured
  std::unique_ptr<HealthCheckLog> check_log_;
  std::unique_ptr<ClusterSet> clusters_;
  std::unique_ptr<DnsCacheSet> dns_caches_;
  std::unique_ptr<ListenerSet> listeners_;
  std::unique_ptr<ControlPlane> control_plane_;
  std::unique_ptr<admin::AdminServer> admin_;
  bool live_ = false;
  bool failed_ = false;    // it could not start to serve
  bool draining_ = false;  // another process has taken over
  bool exiting_ = false;   // the drain ends with the process
  std::chrono::steady_clock::time_point drain_deadline_;
};

}  // namespace outrigger
