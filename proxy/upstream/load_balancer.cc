#include "proxy/upstream/load_balancer.h"

#include <algorithm>
#include <utility>

#include "proxy/upstream/cluster_hash_tables.h"
#include "proxy/upstream/hash_picker.h"
#include "proxy/upstream/zone_picker.h"

namespace outrigger::upstream {
namespace {

using Health = config::Endpoint::Health;

std::vector<Host*> hosts_in(const std::vector<Host*>& hosts, Health health) {
  std::vector<Host*> out;
  for (Host* host : hosts) {
    if (host->health == health) out.push_back(host);
  }
  return out;
}

// Localities that have weights have their shares by these; zones matter in the first priority only.
bool routes_by_zone(const config::Cluster& cluster,
                    const std::vector<const LocalityHosts*>& localities, const BalancerEnv& env) {
  const config::BalancerOptions* options = cluster.balancer_options.get();
  if (options == nullptr || !options->zone_routing || env.table == nullptr) return false;
  return std::all_of(localities.begin(), localities.end(), [](const LocalityHosts* locality) {
    return locality->priority == 0 && locality->locality != nullptr;
  });
}

// Of the hosts in this state. A locality that lost hosts gives up its share as soon as what is left
// of it cannot carry it.
std::unique_ptr<HostPicker> make_weighted(const config::Cluster& cluster,
                                          const std::vector<const LocalityHosts*>& localities,
                                          Health health, uint32_t overprovisioning, uint64_t seed,
                                          const BalancerEnv& env) {
  std::vector<LocalityShare> shares;
  for (const LocalityHosts* locality : localities) {
    LocalityShare share{0, hosts_in(locality->hosts, health)};
    double usable = static_cast<double>(share.hosts.size()) * overprovisioning / 100.0 /
                    static_cast<double>(std::max<size_t>(1, locality->hosts.size()));
    share.weight = locality->weight * std::min(1.0, usable);
    shares.push_back(std::move(share));
  }
  return make_locality_picker(cluster, std::move(shares), seed, env);
}

}  // namespace

bool weighs_localities(const config::Cluster& cluster) {
  const config::BalancerOptions* options = cluster.balancer_options.get();
  bool subsets = options != nullptr && options->subsets != nullptr;
  return cluster.locality_weighted && (!subsets || options->subsets->locality_weight_aware);
}

LoadBalancer::LoadBalancer(const config::Cluster& cluster,
                           const std::vector<LocalityHosts>& localities, uint64_t seed,
                           uint32_t overprovisioning_percent, const BalancerEnv& env,
                           const ClusterHashTables* tables)
    : overprovisioning_(overprovisioning_percent),
      hashes_(cluster.hashes()),
      fail_on_panic_(cluster.fail_traffic_on_panic && !cluster.hashes()) {
  std::vector<HostsOfPriority> priorities = by_priority(localities);
  if (!hashes_ || tables == nullptr || tables->priorities().size() != priorities.size())
    tables = nullptr;
  for (size_t i = 0; i < priorities.size(); ++i) {
    // What was known when the tables were made: tables and shares must fit each other.
    health_.push_back(tables == nullptr ? health_of(priorities[i], overprovisioning_percent)
                                        : tables->priorities()[i].health);
    host_count_ += health_.back().total;
    healthy_count_ += health_.back().healthy;
  }
  loads_ = share_out(health_, cluster.panic_threshold);
  if (hashes_) make_hash_pickers(cluster, localities, env, tables);
  for (size_t i = pickers_.size(); i < priorities.size(); ++i)
    pickers_.push_back(
        make_pickers(cluster, priorities[i], health_[i], loads_.panic[i], seed, env));
}

std::vector<LoadBalancer::HostsOfPriority> LoadBalancer::by_priority(
    const std::vector<LocalityHosts>& localities) {
  std::vector<HostsOfPriority> out;
  for (const LocalityHosts& locality : localities) {
    if (locality.priority >= out.size()) out.resize(locality.priority + 1);
    out[locality.priority].push_back(&locality);
  }
  return out;
}

PriorityHealth LoadBalancer::health_of(const HostsOfPriority& localities,
                                       uint32_t overprovisioning) const {
  PriorityHealth out;
  out.overprovisioning_percent = overprovisioning;
  for (const LocalityHosts* locality : localities) {
    for (const Host* host : locality->hosts) out.add(host->health, host->excluded);
  }
  return out;
}

LoadBalancer::Pickers LoadBalancer::make_pickers(const config::Cluster& cluster,
                                                 const HostsOfPriority& localities,
                                                 const PriorityHealth& known, bool panic,
                                                 uint64_t seed, const BalancerEnv& env) const {
  std::vector<Host*> all;
  for (const LocalityHosts* locality : localities)
    all.insert(all.end(), locality->hosts.begin(), locality->hosts.end());
  auto make = [&](Health health, size_t count) -> std::unique_ptr<HostPicker> {
    if (count == 0) return nullptr;
    std::vector<Host*> hosts = count == all.size() ? all : hosts_in(all, health);
    if (weighs_localities(cluster)) {
      auto weighted = make_weighted(cluster, localities, health, overprovisioning_, seed, env);
      if (weighted != nullptr) return weighted;
    }
    auto picker = make_picker(cluster, std::move(hosts), seed, env);
    if (!routes_by_zone(cluster, localities, env)) return picker;
    return std::make_unique<ZonePicker>(cluster, localities, health, std::move(picker), seed, env);
  };
  Pickers out;
  out.healthy = make(Health::healthy, known.healthy);
  out.degraded = make(Health::degraded, known.degraded);
  if (panic) out.all = make_picker(cluster, std::move(all), seed, env);
  return out;
}

void LoadBalancer::make_hash_pickers(const config::Cluster& cluster,
                                     const std::vector<LocalityHosts>& localities,
                                     const BalancerEnv& env, const ClusterHashTables* tables) {
  auto hosts = std::make_shared<std::vector<Host*>>();
  hosts->reserve(host_count_);
  std::vector<std::vector<HashLocality>> candidates(health_.size());
  for (const LocalityHosts& locality : localities) {
    HashLocality& own = candidates[locality.priority].emplace_back();
    own.weight = locality.weight;
    for (Host* host : locality.hosts) {
      if (tables == nullptr)
        own.hosts.push_back(
            {host->endpoint.get(), static_cast<uint32_t>(hosts->size()), host->health});
      hosts->push_back(host);
    }
  }
  for (size_t i = 0; i < health_.size(); ++i) {
    bool panic = loads_.panic[i];
    HashTablePtr table =
        tables != nullptr
            ? tables->priorities()[i].table
            : make_priority_table(cluster, weighs_localities(cluster), candidates[i], panic);
    Pickers& pickers = pickers_.emplace_back();
    (panic ? pickers.all : pickers.healthy) =
        make_hash_picker(cluster, std::move(table), hosts, env);
  }
}

Host* LoadBalancer::pick_of(uint32_t priority, bool degraded, const Draw& draw, bool& panic) const {
  const Pickers& pickers = pickers_[priority];
  panic = loads_.panic[priority] && pickers.all != nullptr;
  if (panic && fail_on_panic_) return nullptr;
  HostPicker* picker = degraded && !hashes_ ? pickers.degraded.get() : pickers.healthy.get();
  if (panic) picker = pickers.all.get();
  return picker == nullptr ? nullptr : picker->pick(draw);
}

std::vector<uint32_t> LoadBalancer::loads_without(const std::vector<uint32_t>& without) const {
  return share_out_without(health_, without);
}

// Where it falls among the hundred parts that the priorities share.
uint32_t LoadBalancer::share_of(const Draw& draw) const {
  return static_cast<uint32_t>((hashes_ ? draw.number : draw.number >> 40) % 100);
}

Host* LoadBalancer::pick(const Draw& draw, bool& panic, const std::vector<uint32_t>* loads) {
  panic = false;
  if (loads != nullptr && loads->size() == pickers_.size()) {
    if (std::optional<uint32_t> priority = choose_share(*loads, share_of(draw))) {
      const Pickers& of = pickers_[*priority];
      bool degraded = of.healthy == nullptr || (draw.degraded && of.degraded != nullptr);
      return pick_of(*priority, degraded, draw, panic);
    }
  }
  if (pickers_.size() == 1 && loads_.healthy[0] == 100) return pick_of(0, false, draw, panic);
  std::optional<PriorityChoice> choice = choose_priority(loads_, share_of(draw));
  return choice ? pick_of(choice->priority, choice->degraded, draw, panic) : nullptr;
}

}  // namespace outrigger::upstream
