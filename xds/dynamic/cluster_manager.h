// ClusterManager: the clusters that a management server or a file sends (CDS), and the endpoints of
// every EDS cluster. Compiles what is new or changed, warms it, puts it in force; one that is
// rejected leaves its last good version and all others as they are. A large update is worked off in
// slices of the main thread, so that endpoints and everything else go on meanwhile. Thread: main.
// Lifetime: the server's, within that of everything in its Parts. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/cluster_manager
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "api/config/cluster.h"
#include "api/filter/cluster_demand.h"
#include "api/stats_server.h"
#include "xds/compile_cluster.h"
#include "xds/compile_environment.h"
#include "xds/dynamic/endpoint_discovery.h"
#include "xds/dynamic/managed_cluster.h"
#include "xds/init_set.h"
#include "xds/ledger.h"
#include "xds/protocol/clock.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"
#include "xds/sinks.h"

namespace outrigger::xds {

class ClusterUpdate;
class RequestedClusters;

struct ClusterManagerParts {
  SubscriptionFactory& subscriptions;
  CompileEnvironment& environment;
  ClusterSink& sink;
  Ledger& ledger;
  ResourceReader& reader;
  ClusterDefaults defaults;
  // Runs the task on the main thread after what waits there now; never from inside the call.
  std::function<void(std::function<void()>)> later;
  std::function<void(bool warning, const std::string& text)> log;
  // How long the main thread compiles clusters before something else has its turn.
  std::chrono::microseconds slice{4000};
  Clock* clock = nullptr;  // nullptr: assignments do not become stale
};

class ClusterManager final : private SubscriptionHandler {
 public:
  explicit ClusterManager(ClusterManagerParts parts);
  ~ClusterManager();
  ClusterManager(const ClusterManager&) = delete;
  ClusterManager& operator=(const ClusterManager&) = delete;

  // `statics`: the clusters of the bootstrap, compiled, which are in force already. Subscribes to
  // the endpoints of those of the type EDS, then to dynamic_resources.cds_config. `initialized` is
  // called once, maybe at once: the static ones and all of the first answer have their endpoints
  // and secrets, or waited long enough. Errors name the field of the bootstrap.
  absl::Status start(const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
                     const std::vector<config::ClusterPtr>& statics,
                     std::function<void()> initialized);

  // Who asks the source for clusters that requests name; equal sources and locators are one. Errors
  // open with the field of OnDemandCds. Call sweep() now and then: what nobody holds any more ends.
  absl::StatusOr<std::shared_ptr<const ClusterDemand>> demand(
      const envoy::config::core::v3::ConfigSource& source, std::string locator);
  void sweep();

  // Is there such a cluster, static or dynamic, in force or warming?
  bool exists(std::string_view name) const;
  // The name under which an EDS cluster asks for its endpoints, if it is another than its own.
  std::string service_name(std::string_view cluster) const;
  // What new and changed clusters wait for, for /init_dump.
  std::vector<std::shared_ptr<const InitSet>> unready() const;

 private:
  friend class ClusterUpdate;
  friend class RequestedClusters;

  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override;

  using Bootstrap = envoy::config::bootstrap::v3::Bootstrap;
  absl::Status discover_static(const Bootstrap& bootstrap,
                               const std::vector<config::ClusterPtr>& statics);
  absl::Status subscribe_clusters();
  void note_first_answer();
  void note_initialized();

  // From the update that is being worked off.
  absl::Status take_listed(const Resource& resource);
  absl::Status take(const Resource& resource, bool listed);
  void remove(const std::string& name);
  // Of those that CDS listed.
  std::vector<std::string> names() const;
  bool in_force(std::string_view name) const;
  void note_activated(const std::string& name);
  void work();
  void end_update();

  ClusterManagerParts parts_;
  StatsScopePtr stats_scope_;
  ClusterManagerStats& stats_;
  EndpointDiscoveryParts discovery_parts_;
  ManagedClusterParts managed_parts_;
  std::set<std::string, std::less<>> statics_;
  std::map<std::string, std::shared_ptr<EndpointDiscovery>, std::less<>> static_endpoints_;
  std::map<std::string, std::unique_ptr<ManagedCluster>, std::less<>> clusters_;
  envoy::config::core::v3::ConfigSource cds_config_;
  std::string collection_;  // cds_resources_locator: an xdstp:// name; empty: all
  bool has_cds_ = false;
  std::unique_ptr<Subscription> subscription_;
  std::shared_ptr<InitSet> static_ready_;
  std::shared_ptr<InitSet> first_ready_;      // what the first answer brought
  std::shared_ptr<InitTarget> first_answer_;  // nullptr: it came, or is too late
  std::unique_ptr<ClusterUpdate> update_;     // that is being worked off
  std::map<std::string, std::unique_ptr<RequestedClusters>> requested_;  // by source and locator
  std::function<void()> initialized_;                                    // nullptr: was called
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace outrigger::xds
