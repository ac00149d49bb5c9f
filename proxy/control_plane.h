// ControlPlane: everything that the process gets from management servers and watched files, put
// together: the streams, what each type of resource becomes, and the order of the start. Thread:
// main. Lifetime: the server's; the sinks and the main loop outlive it.
//
//   bootstrap read --prepare--> compiled --start: runtime layers--> clusters (CDS, EDS, SDS)
//   --all warm or timed out--> listeners (LDS, RDS, SDS, ECDS) --> ready
#pragma once

#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "boost/asio/io_context.hpp"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "api/config/bootstrap.h"
#include "api/dns_cache.h"
#include "api/grpc/client.h"
#include "proxy/admin/server_view.h"
#include "proxy/asio_clock.h"
#include "proxy/options.h"
#include "proxy/server_stats.h"
#include "proxy/server_tls.h"
#include "xds/compile_environment.h"
#include "xds/dynamic/cluster_manager.h"
#include "xds/dynamic/discovered_sources.h"
#include "xds/dynamic/extension_configs.h"
#include "xds/dynamic/listener_manager.h"
#include "xds/dynamic/load_reporter.h"
#include "xds/dynamic/route_manager.h"
#include "xds/dynamic/route_scopes.h"
#include "xds/dynamic/runtime_layers.h"
#include "xds/dynamic/secrets.h"
#include "xds/init_set.h"
#include "xds/ledger.h"
#include "xds/protocol/config_sources.h"
#include "xds/resource_reader.h"
#include "xds/sinks.h"

namespace outrigger {

struct ControlPlaneParts {
  boost::asio::io_context& io;
  const Options& options;
  StatsRegistry& stats;
  ServerGauges& gauges;
  config::ClusterSlots& slots;
  ServerTls& tls;
  grpc::ClientFactory& clients;
  DnsCaches& dns_caches;
  xds::ClusterSink& clusters;
  xds::ListenerSink& listeners;
  xds::RuntimeSink& runtime;
  std::function<std::vector<xds::ReportedCluster>()> reported;  // clusters in force
};

class ControlPlane {
 public:
  explicit ControlPlane(const ControlPlaneParts& parts);
  ~ControlPlane();

  // For compiling the bootstrap: what it names is subscribed to, and asked for after start().
  xds::CompileEnvironment& environment() { return environment_; }
  // The bootstrap was read and checked, and is to be compiled.
  absl::Status prepare(const envoy::config::bootstrap::v3::Bootstrap& bootstrap);

  using Bootstrap = envoy::config::bootstrap::v3::Bootstrap;
  // The addresses of the static clusters are known. `done` is called once, maybe at once: with an
  // error, or when the server may serve. The bootstrap stays as it is until then.
  void start(const Bootstrap& bootstrap, const config::Bootstrap& compiled,
             std::function<void(absl::Status)> done);
  // Now and then: ends subscriptions that nobody needs any more.
  void sweep() { discovered_.sweep(); }

  const xds::Ledger& ledger() const { return ledger_; }
  std::vector<admin::UnreadyTarget> unready() const;

 private:
  void add_own_cluster(const config::ClusterPtr& cluster);
  absl::Status prepare_load_reports(const Bootstrap& bootstrap);
  void start_clusters();
  void start_listeners();
  void finish(absl::Status status);
  std::function<void(std::function<void()>)> later();

  ControlPlaneParts parts_;
  AsioClock clock_;
  xds::Ledger ledger_;
  xds::CompileEnvironment environment_;
  xds::ResourceReader reader_;
  xds::ConfigSources sources_;
  xds::Secrets secrets_;
  xds::RouteManager routes_;
  xds::RouteScopes scopes_;
  xds::ExtensionConfigs extensions_;
  xds::DiscoveredSources discovered_;
  xds::RuntimeLayers runtime_layers_;
  std::unique_ptr<xds::ClusterManager> clusters_;     // with the bootstrap's defaults
  std::unique_ptr<xds::LoadReporter> load_reporter_;  // nullptr: nobody wants reports
  xds::ListenerManager listeners_;
  std::shared_ptr<xds::InitSet> static_ready_;  // what the bootstrap's own resources wait for
  std::shared_ptr<xds::InitSet> runtime_ready_;
  std::unordered_set<uint32_t> own_clusters_;  // slots of those that google_grpc made
  const Bootstrap* bootstrap_ = nullptr;
  const config::Bootstrap* compiled_ = nullptr;
  std::function<void(absl::Status)> done_;  // nullptr: was called
};

}  // namespace outrigger
