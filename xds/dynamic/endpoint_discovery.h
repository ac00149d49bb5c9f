// EndpointDiscovery: the endpoints of one EDS cluster: its subscription, and the assignment that
// came last. Versions of the cluster with the same source and service name share it, so that a new
// one has its endpoints at once. Thread: main. Lifetime: shared by the versions; the subscription
// ends with it. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/service_discovery
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/cluster/v3/cluster.pb.h"

#include "api/config/cluster.h"
#include "api/stats_cluster.h"
#include "xds/dynamic/assignment.h"
#include "xds/init_set.h"
#include "xds/ledger.h"
#include "xds/protocol/clock.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"

namespace outrigger::xds {

struct EndpointDiscoveryParts {
  SubscriptionFactory& subscriptions;
  ResourceReader& reader;
  Ledger& ledger;
  StatsRegistry& stats;
  Clock* clock = nullptr;  // nullptr: assignments do not become stale
  // How many discoveries know a service name: the ledger forgets it with the last.
  std::map<std::string, size_t> users = {};
};

class EndpointDiscovery final : private SubscriptionHandler {
 public:
  using Cluster = envoy::config::cluster::v3::Cluster;
  using EndpointSetPtr = Assignment::EndpointSetPtr;

  // What it is asked for: equal for versions of a cluster that can share one.
  static std::string key_of(const Cluster& message, const config::Cluster& cluster);
  // `parts` outlives it. Errors name the field of the cluster.
  static absl::StatusOr<std::shared_ptr<EndpointDiscovery>> subscribe(
      const Cluster& message, const config::ClusterPtr& cluster, EndpointDiscoveryParts& parts);
  ~EndpointDiscovery();

  const std::string& key() const { return key_; }
  const std::string& service_name() const { return service_name_; }
  // nullptr: none came yet.
  const EndpointSetPtr& endpoints() const { return endpoints_; }
  // Who is told of new endpoints, from now on.
  void on_change(std::function<void(const EndpointSetPtr&)> changed) {
    changed_ = std::move(changed);
  }
  // Adds what the set is to wait for, if nothing came yet and it still may.
  void wait(InitSet& set);

 private:
  EndpointDiscovery(const Cluster& message, const config::ClusterPtr& cluster,
                    EndpointDiscoveryParts& parts);
  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override;

  UpdateResult take(const ResourceUpdate& update);
  void put(const EndpointSetPtr& endpoints);
  void await_staleness();
  void on_stale();
  void end_wait();
  ClusterConfigStats& stats();

  EndpointDiscoveryParts& parts_;
  std::string key_;
  std::string service_name_;
  StatsScopePtr cluster_stats_;
  Assignment assignment_;
  EndpointSetPtr endpoints_;
  std::function<void(const EndpointSetPtr&)> changed_;
  bool may_come_ = true;  // the first assignment is still waited for
  std::vector<std::shared_ptr<InitTarget>> waiting_;
  std::unique_ptr<Clock::Alarm> stale_;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace outrigger::xds
