#include "proxy/cluster_membership.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <vector>

#include "api/stats_cluster.h"
#include "api/stats_tls.h"
#include "proxy/upstream/host.h"

namespace outrigger {
namespace {

using Endpoints = std::vector<const config::Endpoint*>;

Endpoints all_of_set(const config::EndpointSet* set) {
  Endpoints all;
  if (set == nullptr) return all;
  for (const config::LocalityEndpoints& locality : set->localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) all.push_back(endpoint.get());
  }
  return all;
}

// A new version of an endpoint, with another weight or state, counts where the last one did.
bool same(const config::Endpoint* a, const config::Endpoint* b) {
  return a->stats == b->stats;
}

// Those of `now` that `before` has not. What both begin and end with is not looked up: of many
// endpoints an update changes few.
Endpoints added_to(const Endpoints& before, const Endpoints& now) {
  auto [first_before, first] =
      std::mismatch(before.begin(), before.end(), now.begin(), now.end(), same);
  auto last_before = before.end();
  auto last = now.end();
  while (last_before != first_before && last != first && same(last_before[-1], last[-1])) {
    --last_before;
    --last;
  }
  std::unordered_set<const StatsScope*> known;
  for (; first_before != last_before; ++first_before) known.insert((*first_before)->stats.get());
  Endpoints added;
  std::copy_if(first, last, std::back_inserter(added), [&](const config::Endpoint* endpoint) {
    return !known.contains(endpoint->stats.get());
  });
  return added;
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
  Endpoints all = all_of_set(&now);
  int64_t weight = 0;
  for (const config::Endpoint* endpoint : all) weight = std::max<int64_t>(weight, endpoint->weight);
  Endpoints added = added_to(old, all);
  for (const config::Endpoint* endpoint : added) count_match(cluster, *endpoint);
  size_t kept = all.size() - added.size();
  stats.membership_total.set(static_cast<int64_t>(all.size()));
  stats.max_host_weight.set(weight);
  // Envoy counts updates that added or removed a host.
  if (!added.empty() || kept < old.size()) stats.membership_change.inc();
}

void note_health(const config::Cluster& cluster, const config::EndpointSet& now,
                 const upstream::HostStates* states) {
  using Health = config::Endpoint::Health;
  auto& stats = cluster.config_stats->local<ClusterConfigStats>(StatsScope::kMainThread);
  int64_t healthy = 0, degraded = 0, excluded = 0;
  size_t place = 0;
  for (const config::Endpoint* endpoint : all_of_set(&now)) {
    const upstream::HostState* state = states == nullptr ? nullptr : (*states)[place++].get();
    Health health = upstream::effective_health(*endpoint, state);
    if (health == Health::healthy) ++healthy;
    if (health == Health::degraded) ++degraded;
    if (state != nullptr && state->has(HealthFlag::kExcluded)) ++excluded;
  }
  stats.membership_healthy.set(healthy);
  stats.membership_degraded.set(degraded);
  stats.membership_excluded.set(excluded);
}

}  // namespace outrigger
