#include "proxy/cluster_membership.h"

#include <algorithm>
#include <unordered_set>

#include "api/stats_cluster.h"
#include "api/stats_tls.h"
#include "proxy/upstream/host.h"

namespace outrigger {
namespace {

using Endpoints = std::unordered_set<const config::Endpoint*>;

Endpoints all_of_set(const config::EndpointSet* set) {
  Endpoints all;
  if (set == nullptr) return all;
  for (const config::LocalityEndpoints& locality : set->localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) all.insert(endpoint.get());
  }
  return all;
}

// Each new endpoint is matched once.
void count_match(const config::Cluster& cluster, const config::Endpoint& endpoint) {
  const config::TransportSocketMatch* match =
      upstream::choose_transport_socket(cluster, endpoint).match;
  const StatsScopePtr& stats = match == nullptr ? cluster.transport_socket_stats : match->stats;
  if (stats != nullptr)
    stats->local<TransportSocketMatchStats>(StatsScope::kMainThread).total_match_count.inc();
}

}  // namespace

void note_membership(const config::Cluster& cluster, const config::EndpointSet* before,
                     const config::EndpointSet& now) {
  auto& stats = cluster.config_stats->local<ClusterConfigStats>(StatsScope::kMainThread);
  Endpoints old = all_of_set(before);
  int64_t total = 0, healthy = 0, degraded = 0, weight = 0;
  size_t added = 0;
  for (const config::LocalityEndpoints& locality : now.localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) {
      ++total;
      if (endpoint->health == config::Endpoint::Health::healthy) ++healthy;
      if (endpoint->health == config::Endpoint::Health::degraded) ++degraded;
      weight = std::max<int64_t>(weight, endpoint->weight);
      if (old.contains(endpoint.get())) continue;
      ++added;
      count_match(cluster, *endpoint);
    }
  }
  size_t kept = static_cast<size_t>(total) - added;
  stats.membership_total.set(total);
  stats.membership_healthy.set(healthy);
  stats.membership_degraded.set(degraded);
  stats.max_host_weight.set(weight);
  // Envoy counts updates that added or removed a host.
  if (added > 0 || kept < old.size()) stats.membership_change.inc();
}

}  // namespace outrigger
