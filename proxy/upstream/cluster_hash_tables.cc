#include "proxy/upstream/cluster_hash_tables.h"

#include <utility>

#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {
namespace {

using Health = config::Endpoint::Health;

// A table of fewer hosts and places than these is made in a millisecond or two.
constexpr size_t kManyHosts = 2000;
constexpr uint64_t kManyPlaces = 100'000;

void append(const HashLocality& locality, Health health, bool any, double share,
            std::vector<HashMember>& out) {
  double sum = 0;
  size_t first = out.size();
  for (const HashLocality::Host& host : locality.hosts) {
    if (!any && host.health != health) continue;
    out.push_back({host.endpoint, host.place, static_cast<double>(host.endpoint->weight)});
    sum += host.endpoint->weight;
  }
  for (size_t i = first; i < out.size(); ++i) out[i].part = share * out[i].part / sum;
}

// By the hosts' weights within their locality, and by the localities' shares; a locality without a
// share has no part.
std::vector<HashMember> members_by_locality(const std::vector<HashLocality>& localities,
                                            Health health, bool any) {
  std::vector<HashMember> out;
  double shares = 0;
  for (const HashLocality& locality : localities) shares += locality.weight;
  for (const HashLocality& locality : localities) {
    if (locality.weight > 0) append(locality, health, any, locality.weight / shares, out);
  }
  return out;
}

std::vector<HashMember> members_of(const std::vector<HashLocality>& localities, Health health,
                                   bool any) {
  HashLocality all;
  for (const HashLocality& locality : localities)
    all.hosts.insert(all.hosts.end(), locality.hosts.begin(), locality.hosts.end());
  std::vector<HashMember> out;
  append(all, health, any, 1, out);
  return out;
}

}  // namespace

HashTablePtr make_priority_table(const config::Cluster& cluster, bool by_locality,
                                 const std::vector<HashLocality>& localities, bool panic,
                                 const HashTable* before) {
  std::vector<HashMember> members;
  for (Health health : {Health::healthy, Health::degraded}) {
    if (by_locality) members = members_by_locality(localities, health, panic);
    if (members.empty()) members = members_of(localities, health, panic);
    if (!members.empty() || panic) break;
  }
  return make_hash_table(cluster, std::move(members), before);
}

ClusterHashTables::ClusterHashTables(const config::Cluster& cluster, EndpointSetPtr endpoints,
                                     const HostStates* states, const ClusterHashTables* before)
    : endpoints_(std::move(endpoints)) {
  std::vector<std::vector<HashLocality>> by_priority;
  std::vector<PriorityHealth> health;
  uint32_t place = 0;
  for (const config::LocalityEndpoints& from : endpoints_->localities) {
    if (from.priority >= by_priority.size()) {
      by_priority.resize(from.priority + 1);
      health.resize(from.priority + 1);
    }
    HashLocality& locality = by_priority[from.priority].emplace_back();
    locality.weight = from.weight.value_or(0);
    locality.hosts.reserve(from.endpoints.size());
    for (const config::EndpointPtr& endpoint : from.endpoints) {
      const HostState* state =
          states == nullptr || place >= states->size() ? nullptr : (*states)[place].get();
      locality.hosts.push_back({endpoint.get(), place++, effective_health(*endpoint, state)});
      bool excluded = state != nullptr && state->has(HealthFlag::kExcluded);
      health[from.priority].add(locality.hosts.back().health, excluded);
    }
  }
  for (PriorityHealth& of_priority : health)
    of_priority.overprovisioning_percent = endpoints_->overprovisioning_percent;
  PriorityLoads loads = share_out(health, cluster.panic_threshold);
  bool weighs = weighs_localities(cluster);
  for (size_t i = 0; i < by_priority.size(); ++i) {
    bool known = before != nullptr && i < before->priorities_.size();
    const HashTable* last = known ? before->priorities_[i].table.get() : nullptr;
    priorities_.push_back(
        {health[i], make_priority_table(cluster, weighs, by_priority[i], loads.panic[i], last)});
  }
}

bool shares_hash_tables(const config::Cluster& cluster, const config::EndpointSet& endpoints) {
  if (!cluster.hashes()) return false;
  size_t hosts = 0;
  for (const config::LocalityEndpoints& locality : endpoints.localities)
    hosts += locality.endpoints.size();
  if (hosts == 0) return false;
  static const config::HashBalancing kDefault;
  const config::HashBalancing& config = cluster.hashing == nullptr ? kDefault : *cluster.hashing;
  bool maglev = cluster.balancer == config::Cluster::Balancer::maglev;
  uint64_t places = maglev ? config.table_size : config.minimum_ring_size;
  return hosts >= kManyHosts || places >= kManyPlaces;
}

}  // namespace outrigger::upstream
