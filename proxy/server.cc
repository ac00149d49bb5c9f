#include "proxy/server.h"

#include <malloc.h>

#include <csignal>
#include <fstream>

#include "boost/asio/post.hpp"
#include "fmt/format.h"

#include "envoy/admin/v3/server_info.pb.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "proxy/admin_view.h"
#include "proxy/logging.h"
#include "proxy/observe/stat_names.h"
#include "proxy/options_proto.h"
#include "proxy/runtime/log.h"
#include "proxy/start_pages.h"
#include "proxy/version.h"

namespace outrigger {

using namespace std::chrono_literals;

namespace {

// How often the main thread asks whether the last connection is gone, while it drains.
constexpr auto kDrainPoll = 20ms;

std::string text_of(const absl::Status& status) {
  return std::string(status.message());
}

bool all_listeners(const config::Listener&) {
  return true;
}
bool inbound_listeners(const config::Listener& listener) {
  return listener.direction == config::Listener::Direction::inbound;
}

hot_restart::Settings hot_restart_settings(const Options& options) {
  hot_restart::Settings out;
  out.place = {options.socket_path, options.socket_mode, options.base_id};
  out.epoch = options.restart_epoch;
  out.any_base_id = options.use_dynamic_base_id;
  out.base_id_given = options.base_id_given;
  out.go_without_predecessor = options.skip_hot_restart_on_no_parent;
  out.take_stats = !options.skip_hot_restart_parent_stats;
  out.base_id_path = options.base_id_path;
  out.shutdown_time = options.parent_shutdown_time;
  return out;
}

}  // namespace

Server::Server(const Options& options)
    : options_(options),
      options_proto_(std::make_unique<envoy::admin::v3::CommandLineOptions>(to_proto(options))),
      started_(std::chrono::steady_clock::now()),
      tls_(io_),
      signals_(io_),
      tick_timer_(io_),
      drain_poll_timer_(io_),
      stop_timer_(io_) {
  server_state_.ramp.configure(options_.drain_strategy == DrainStrategy::gradual,
                               options_.drain_time);
  gauges_ = std::make_unique<ServerGauges>(stats_);
  connections_ = std::make_unique<net::ProcessConnections>(options_.concurrency);
  if (!options_.disable_hot_restart && options_.mode == Mode::serve)
    hot_restart_.reset(
        new hot_restart::HotRestart(io_, hot_restart_settings(options_), *this, stats_));
  main_loop_ = std::make_unique<MainLoop>(io_);
  clusters_ = std::make_unique<ClusterSet>(io_, stats_);
  dns_caches_ = make_dns_caches();
  listeners_ = std::make_unique<ListenerSet>(ListenerSetParts{
      io_, stats_, workers_, *connections_, options_.drain_time, hot_restart_.get()});
  control_plane_ = std::make_unique<ControlPlane>(ControlPlaneParts{
      io_, options_, stats_, *gauges_, slots_, tls_, main_loop_->grpc(), *dns_caches_, *clusters_,
      *listeners_, *this, [this] { return clusters_->reported(); }});
}

std::unique_ptr<DnsCacheSet> Server::make_dns_caches() {
  return std::make_unique<DnsCacheSet>(DnsCacheSet::Parts{
      io_, stats_, options_.concurrency,
      [this](const config::DnsResolver& config) { return clusters_->resolver(config); },
      [this](unsigned worker, const DnsCacheSet::Task& task) {
        workers_[worker]->command_clusters([task](upstream::ClusterTable&) { task(); });
      },
      [this](const DnsCachePtr& cache) { clusters_->on_hosts_changed(cache); }});
}

Server::~Server() {
  shut_down();
}

absl::Status Server::load() {
  xds::BootstrapSource source;
  source.path = options_.config_path;
  source.yaml = options_.config_yaml;
  source.allow_unknown_fields = options_.allow_unknown_static_fields;
  source.node.id = options_.service_node;
  source.node.cluster = options_.service_cluster;
  source.node.zone = options_.service_zone;
  source.prepare = [this](const auto& bootstrap) { return control_plane_->prepare(bootstrap); };
  auto loaded = xds::load_bootstrap(source, control_plane_->environment());
  if (!loaded.ok()) return loaded.status();
  loaded_ = std::move(*loaded);
  loaded_at_ = std::chrono::system_clock::now();
  complete_node(*loaded_.proto->mutable_node(), options_);
  for (const std::string& warning : loaded_.warnings) OUTRIGGER_LOG(config, warning, "{}", warning);
  for (const auto& [name, value] : options_.stats_tags)
    loaded_.compiled.stats.tags.push_back({name, "", value});
  if (absl::Status status = set_log_pattern(options_, loaded_.compiled.log_pattern); !status.ok())
    return status;
  if (auto limit = loaded_.compiled.max_downstream_connections) connections_->set_limit(*limit);
  auto names = observe::StatNames::compile(loaded_.compiled.stats);
  if (!names.ok()) return names.status();
  stats_.set_names(std::move(*names));
  malloc_trim(0);  // the parser's tree was large; give its pages back
  release_start_pages();
  return absl::OkStatus();
}

int Server::run() {
  if (absl::Status status = start(); !status.ok()) {
    OUTRIGGER_LOG(main, critical, "error initializing: {}", text_of(status));
    return 1;
  }
  if (options_.mode == Mode::init_only) return 0;
  io_.run();
  shut_down();
  OUTRIGGER_LOG(main, info, "exiting");
  return failed_ ? 1 : 0;
}

absl::Status Server::start() {
  gauges_->set_configuration(loaded_.compiled, options_.concurrency, options_.restart_epoch);
  if (hot_restart_ != nullptr) gauges_->set_generation(options_.restart_epoch + 1);
  gauges_->note_unknown_fields(loaded_.unknown_fields);
  gauges_->set_state(static_cast<int>(state()));
  runtime_ = std::make_unique<admin::RuntimeStore>(loaded_.compiled.runtime_layers, &stats_);
  logs_ = std::make_unique<observe::LogWriter>(stats_, options_.file_flush_interval);
  for (unsigned i = 0; i < options_.concurrency; ++i) {
    workers_.push_back(std::make_unique<Worker>(
        WorkerParts{i, server_state_, *logs_, loaded_.compiled.node, runtime_->snapshot(), stats_,
                    loaded_.compiled.dispatcher_stats}));
  }
  if (!loaded_.compiled.outlier_event_log_path.empty()) {
    outlier_log_ = std::make_unique<OutlierLog>(*logs_, loaded_.compiled.outlier_event_log_path);
  }
  check_log_ = std::make_unique<HealthCheckLog>(*logs_);
  clusters_->health().set_events(outlier_log_.get(), check_log_.get());
  clusters_->health().set_loop(main_loop_->loop(), [this] { main_loop_->wake(); });
  clusters_->health().set_runtime(runtime_->snapshot());
  for (auto& worker : workers_) {
    clusters_->add_thread([&worker = *worker](ClusterSet::Command command) {
      worker.command_clusters(std::move(command));
    });
  }
  clusters_->add_thread(
      [this](ClusterSet::Command command) { main_loop_->command(std::move(command)); });
  clusters_->set_static(loaded_.compiled.clusters);
  runtime_->on_change([this](const config::RuntimeSnapshotPtr& snapshot) {
    for (auto& worker : workers_) worker->set_runtime(snapshot);
    clusters_->health().set_runtime(snapshot);
  });
  if (hot_restart_ != nullptr) {
    if (absl::Status status = hot_restart_->start(); !status.ok()) return status;
  }
  if (absl::Status status = open_admin(); !status.ok()) return status;
  await_signals();
  if (options_.mode == Mode::init_only) return open_listeners();
  return clusters_->resolve([this] { discover(); });
}

void Server::discover() {
  control_plane_->start(*loaded_.proto, loaded_.compiled,
                        [this](absl::Status status) { serve(std::move(status)); });
}

void Server::serve(absl::Status discovered) {
  absl::Status status = discovered.ok() ? open_and_start() : std::move(discovered);
  if (!status.ok()) {
    OUTRIGGER_LOG(main, critical, "error initializing: {}", text_of(status));
    failed_ = true;
    io_.stop();
    return;
  }
  static_resources_ = xds::take_static_resources(loaded_.proto);
}

envoy::config::bootstrap::v3::Bootstrap_StaticResources Server::static_resources() const {
  if (static_resources_.empty()) return loaded_.proto->static_resources();
  envoy::config::bootstrap::v3::Bootstrap_StaticResources out;
  out.ParseFromString(static_resources_);
  return out;
}

absl::Status Server::open_and_start() {
  if (absl::Status status = open_listeners(); !status.ok()) return status;
  live_ = true;
  for (auto& worker : workers_) worker->start();
  gauges_->set_workers_started();
  gauges_->set_live(true);
  gauges_->set_state(static_cast<int>(state()));
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started_);
  gauges_->note_initialized(took);
  tick();
  if (hot_restart_ != nullptr) hot_restart_->go_live();
  OUTRIGGER_LOG(main, info,
                "all clusters and listeners are ready after {} ms; serving with {} worker{}",
                took.count(), workers_.size(), workers_.size() == 1 ? "" : "s");
  return absl::OkStatus();
}

absl::Status Server::open_listeners() {
  for (const config::ListenerPtr& listener : loaded_.compiled.listeners) {
    if (absl::Status status = listeners_->set(listener); !status.ok())
      return absl::UnavailableError(
          fmt::format("listener {}: {}", listener->name, text_of(status)));
  }
  return absl::OkStatus();
}

absl::Status Server::open_admin() {
  if (!loaded_.compiled.admin) return absl::OkStatus();
  admin_ = std::make_unique<admin::AdminServer>(io_, *this);
  if (absl::Status status = admin_->listen(loaded_.compiled.admin->address); !status.ok())
    return status;
  OUTRIGGER_LOG(admin, info, "admin address: {}", admin_->bound_address().text());
  if (!options_.admin_address_path.empty()) {
    std::ofstream file(options_.admin_address_path);
    file << admin_->bound_address().text();
    if (!file.flush())
      return absl::UnavailableError(
          fmt::format("cannot write the admin address to {}", options_.admin_address_path));
  }
  return absl::OkStatus();
}

void Server::await_signals() {
  for (int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) signals_.add(signal);
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (signal == SIGTERM || signal == SIGINT) on_terminate();
    if (signal == SIGUSR1) reopen_logs();
    if (!io_.stopped()) await_signals();
  });
}

void Server::on_terminate() {
  if (!live_) {
    OUTRIGGER_LOG(main, info, "told to end before it served anything");
    quit();
    return;
  }
  if (exiting_) {
    OUTRIGGER_LOG(main, warning, "told to end for the second time: exiting now");
    quit();
    return;
  }
  OUTRIGGER_LOG(main, info, "told to end: draining for at most {} s", options_.drain_time.count());
  begin_drain();
}

void Server::begin_drain() {
  server_state_.health_check_failed.store(true);
  server_state_.draining.store(true);
  gauges_->set_state(static_cast<int>(state()));
  listeners_->stop(all_listeners);
  listeners_->drain(all_listeners);
  if (exiting_) return;
  exiting_ = true;
  drain_deadline_ = std::chrono::steady_clock::now() + options_.drain_time;
  await_drained();
}

void Server::await_drained() {
  drain_poll_timer_.expires_after(kDrainPoll);
  drain_poll_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look_at_drain();
  });
}

void Server::look_at_drain() {
  if (std::chrono::steady_clock::now() >= drain_deadline_) {
    OUTRIGGER_LOG(main, warning, "the drain time is over: what is still on its way is cut");
    quit();
  } else if (listeners_->drained()) {
    quit();
  } else {
    await_drained();
  }
}

void Server::tick() {
  gauges_->refresh(uptime(), listeners_->open_connections());
  if (auto days = tls_.days_until_first_expiry()) gauges_->set_first_expiry(*days);
  if (auto seconds = tls_.seconds_until_first_ocsp_expiry())
    gauges_->set_first_ocsp_expiry(*seconds);
  stats_.flush();
  control_plane_->sweep();
  tick_timer_.expires_after(loaded_.compiled.stats_flush_interval);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void Server::shut_down() {
  live_ = false;
  // It ends already, and freeing many clusters takes a while: a second request has nothing to add.
  signals_.clear();
  std::signal(SIGTERM, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);
  if (hot_restart_ != nullptr) hot_restart_->stop();
  for (auto& worker : workers_) worker->stop();
  for (auto& worker : workers_) worker->join();
  workers_.clear();
  admin_.reset();
  control_plane_.reset();
  listeners_.reset();
  dns_caches_.reset();
  clusters_.reset();
  outlier_log_.reset();
  check_log_.reset();
  main_loop_.reset();
  if (logs_ != nullptr) logs_->flush();
}

admin::ServerState Server::state() const {
  if (draining_ || server_state_.health_check_failed.load()) return admin::ServerState::draining;
  return live_ ? admin::ServerState::live : admin::ServerState::initializing;
}

std::vector<std::string> Server::resource_types() const {
  return outrigger::resource_types(control_plane_->ledger());
}

admin::ResourceTypeStatus Server::resources(std::string_view type_url) const {
  return resources_of(control_plane_->ledger(), type_url);
}

void Server::set_layer(const config::Bootstrap::RuntimeLayer& layer) {
  runtime_->set_layer(layer);
}

std::string Server::version() const {
  return version_text();
}

std::chrono::seconds Server::uptime() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                          started_);
}

void Server::fail_health_check(bool failed) {
  server_state_.health_check_failed.store(failed);
  gauges_->set_live(!failed);
  gauges_->set_state(static_cast<int>(state()));
}

// The process stays: who asked for this ends it, or has others to do so.
void Server::drain_listeners(const admin::DrainRequest& request) {
  ListenerSet::Choice chosen = request.inbound_only ? inbound_listeners : all_listeners;
  // Connections that are there stay, as in Envoy.
  if (!request.graceful && !request.skip_exit) return listeners_->stop(chosen);
  bool first = server_state_.ramp.begin(request.inbound_only, std::chrono::steady_clock::now());
  if (!first || request.skip_exit) return;
  stop_timer_.expires_after(options_.drain_time);
  stop_timer_.async_wait([this, chosen](const boost::system::error_code& error) {
    if (!error) listeners_->stop(chosen);
  });
}

void Server::quit() {
  io_.stop();
}

void Server::reopen_admin() {
  if (absl::Status status = open_admin(); !status.ok())
    OUTRIGGER_LOG(admin, error, "the admin server cannot be opened anew: {}", text_of(status));
}

// To the successor: what is idle stays until its next request, so that no client finds its
// connection closed while it sends one.
void Server::hand_over() {
  if (exiting_) return;
  draining_ = true;
  server_state_.draining.store(true);
  gauges_->set_state(static_cast<int>(state()));
  listeners_->stop(all_listeners);
  listeners_->drain(all_listeners, net::DrainPace::unhurried);
  hot_restart_->note_handed_over();
}

void Server::take_back() {
  if (exiting_) return;
  draining_ = false;
  server_state_.draining.store(false);
  gauges_->set_state(static_cast<int>(state()));
  listeners_->resume();
}

void Server::reopen_logs() {
  logs_->reopen();
  if (!log::reopen_output())
    OUTRIGGER_LOG(main, error, "the application log cannot be opened anew");
}

}  // namespace outrigger
