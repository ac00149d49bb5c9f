#include "proxy/upstream/aggregate_hosts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proxy/upstream/cluster_table.h"

namespace outrigger::upstream {
namespace {

// A number of the request's own that is below 100.
uint32_t draw_of(uint64_t random) {
  return static_cast<uint32_t>((random >> 40) % 100);
}

}  // namespace

AggregateHosts::AggregateHosts(const config::Cluster& config, ClusterTable& clusters)
    : config_(config), clusters_(clusters) {
  for (const config::ClusterRef& ref : config.aggregate) inner_.push_back({&ref});
}

// An aggregate has no endpoints of its own, so it adds none to another: there are no circles.
WorkerCluster* AggregateHosts::find(const Inner& inner) {
  const config::Cluster* known = clusters_.config(*inner.ref);
  bool usable = known != nullptr && known->discovery != config::Cluster::Discovery::aggregate;
  return usable ? clusters_.find(inner.ref->slot) : nullptr;
}

void AggregateHosts::refresh() {
  bool same = std::exchange(fresh_, true);
  for (Inner& inner : inner_) {
    const WorkerCluster* cluster = find(inner);
    uint64_t generation = cluster == nullptr ? 0 : cluster->generation();
    same = same && inner.cluster == cluster && inner.generation == generation;
    inner.cluster = cluster;
    inner.generation = generation;
  }
  if (same) return;
  places_.clear();
  health_.clear();
  for (uint32_t i = 0; i < inner_.size(); ++i) {
    if (inner_[i].cluster != nullptr) append_priorities(i, *inner_[i].cluster);
  }
  loads_ = share_out(health_, config_.panic_threshold);
}

// Those that have no hosts are left out.
void AggregateHosts::append_priorities(uint32_t inner, const WorkerCluster& cluster) {
  std::vector<PriorityHealth> health;
  for (const HostRef& host : cluster.hosts()) {
    if (host->priority >= health.size()) health.resize(host->priority + 1);
    health[host->priority].add(host->health, host->excluded);
  }
  for (uint32_t i = 0; i < health.size(); ++i) {
    if (health[i].total == 0) continue;
    health[i].overprovisioning_percent = cluster.overprovisioning_percent();
    places_.push_back({inner, i});
    health_.push_back(health[i]);
  }
}

Host* AggregateHosts::pick_at(const Place& place, const LbContext& context, bool degraded) {
  WorkerCluster* cluster = find(inner_[place.inner]);
  one_priority_.assign(cluster->priority_count(), 0);
  if (place.priority >= one_priority_.size()) return nullptr;
  one_priority_[place.priority] = 100;
  LbContext of_cluster = context;
  of_cluster.override_host = {};  // a host of the aggregate's own, which has none
  of_cluster.priority_loads = &one_priority_;
  of_cluster.degraded = degraded;
  return cluster->pick_host(of_cluster);
}

Host* AggregateHosts::pick(const LbContext& context) {
  refresh();
  uint32_t draw = draw_of(context.random);
  const std::vector<uint32_t>* loads = context.priority_loads;
  if (loads != nullptr && loads->size() == places_.size()) {
    std::optional<PriorityChoice> choice = choose_priority({*loads, {}}, draw);
    if (!choice) return nullptr;
    bool degraded = health_[choice->priority].healthy == 0;
    return pick_at(places_[choice->priority], context, degraded);
  }
  std::optional<PriorityChoice> choice = choose_priority(loads_, draw);
  return choice ? pick_at(places_[choice->priority], context, choice->degraded) : nullptr;
}

std::vector<uint32_t> AggregateHosts::loads_without(const std::vector<uint32_t>& priorities) {
  refresh();
  return share_out_without(health_, priorities);
}

uint32_t AggregateHosts::priority_of(const Host& host) {
  refresh();
  for (uint32_t i = 0; i < places_.size(); ++i) {
    if (places_[i].priority == host.priority && inner_[places_[i].inner].cluster == host.owner)
      return i;
  }
  return 0;  // its cluster changed meanwhile
}

size_t AggregateHosts::host_count() {
  refresh();
  size_t hosts = 0;
  for (const PriorityHealth& each : health_) hosts += each.total;
  return hosts;
}

bool AggregateHosts::hashes() {
  refresh();
  return std::any_of(inner_.begin(), inner_.end(), [](const Inner& inner) {
    return inner.cluster != nullptr && inner.cluster->config().hashes();
  });
}

}  // namespace outrigger::upstream
