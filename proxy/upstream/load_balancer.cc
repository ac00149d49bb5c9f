#include "proxy/upstream/load_balancer.h"

#include <algorithm>

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

// In subsets, localities have their weights only if the configuration says so.
bool weighs_localities(const config::Cluster& cluster) {
  const config::BalancerOptions* options = cluster.balancer_options.get();
  bool subsets = options != nullptr && options->subsets != nullptr;
  return cluster.locality_weighted && (!subsets || options->subsets->locality_weight_aware);
}

// Localities that have weights have their shares by these; zones matter in the first priority only.
bool routes_by_zone(const config::Cluster& cluster,
                    const std::vector<const LocalityHosts*>& localities, const BalancerEnv& env) {
  const config::BalancerOptions* options = cluster.balancer_options.get();
  if (options == nullptr || !options->zone_routing || env.table == nullptr || cluster.hashes())
    return false;
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
    share.weight = locality->weight * (cluster.hashes() ? 1.0 : std::min(1.0, usable));
    shares.push_back(std::move(share));
  }
  return make_locality_picker(cluster, std::move(shares), seed, env);
}

}  // namespace

LoadBalancer::LoadBalancer(const config::Cluster& cluster,
                           const std::vector<LocalityHosts>& localities, uint64_t seed,
                           uint32_t overprovisioning_percent, const BalancerEnv& env)
    : overprovisioning_(overprovisioning_percent),
      hashes_(cluster.hashes()),
      fail_on_panic_(cluster.fail_traffic_on_panic && !cluster.hashes()) {
  for (const LocalityHosts& locality : localities) {
    for (Host* host : locality.hosts) host->priority = locality.priority;
  }
  for (const HostsOfPriority& of_priority : by_priority(localities)) {
    priorities_.push_back(make_priority(cluster, of_priority, seed, env));
    host_count_ += priorities_.back().total;
    healthy_count_ += priorities_.back().healthy_hosts;
  }
  assign_loads(cluster);
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

LoadBalancer::Priority LoadBalancer::make_priority(const config::Cluster& cluster,
                                                   const HostsOfPriority& localities, uint64_t seed,
                                                   const BalancerEnv& env) const {
  std::vector<Host*> all;
  for (const LocalityHosts* locality : localities)
    all.insert(all.end(), locality->hosts.begin(), locality->hosts.end());
  std::vector<Host*> healthy = hosts_in(all, Health::healthy);
  std::vector<Host*> degraded = hosts_in(all, Health::degraded);
  Priority out;
  out.total = all.size();
  out.excluded_hosts = static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [](const Host* host) { return host->excluded; }));
  out.healthy_hosts = healthy.size();
  out.degraded_hosts = degraded.size();
  auto make = [&](std::vector<Host*> hosts, Health health) -> std::unique_ptr<HostPicker> {
    if (hosts.empty()) return nullptr;
    if (weighs_localities(cluster)) {
      auto weighted = make_weighted(cluster, localities, health, overprovisioning_, seed, env);
      if (weighted != nullptr) return weighted;
    }
    return make_picker(cluster, std::move(hosts), seed, env);
  };
  bool all_healthy = healthy.size() == all.size();
  out.healthy = make(std::move(healthy), Health::healthy);
  if (out.healthy != nullptr && routes_by_zone(cluster, localities, env))
    out.healthy =
        std::make_unique<ZonePicker>(cluster, localities, std::move(out.healthy), seed, env);
  out.degraded = make(std::move(degraded), Health::degraded);
  if (!all.empty() && !all_healthy) out.all = make_picker(cluster, std::move(all), seed, env);
  return out;
}

void LoadBalancer::assign_loads(const config::Cluster& cluster) {
  auto available = [this](size_t part, size_t total) {
    return total == 0 ? uint64_t{0} : std::min<uint64_t>(100, overprovisioning_ * part / total);
  };
  uint64_t sum = 0;
  for (const Priority& p : priorities_)
    sum += available(p.healthy_hosts, p.counted()) + available(p.degraded_hosts, p.counted());
  uint64_t norm = std::min<uint64_t>(100, sum);
  uint64_t left = 100;
  if (norm != 0) {
    auto assign = [&](uint64_t share) {
      uint64_t load = std::min(left, share * 100 / norm);
      left -= load;
      return static_cast<uint32_t>(load);
    };
    for (Priority& p : priorities_)
      p.healthy_load = assign(available(p.healthy_hosts, p.counted()));
    for (Priority& p : priorities_)
      p.degraded_load = assign(available(p.degraded_hosts, p.counted()));
    give_rest(left);
  }
  // Panic counts only where even all priorities together are not enough.
  bool total_panic = norm < 100 && cluster.panic_threshold > 0;
  for (Priority& p : priorities_) {
    if (p.total == 0) continue;
    double usable = 100.0 * static_cast<double>(p.healthy_hosts + p.degraded_hosts) /
                    static_cast<double>(std::max<size_t>(1, p.counted()));
    p.panic = norm < 100 && usable < cluster.panic_threshold;
    total_panic = total_panic && p.panic;
  }
  if (total_panic) assign_loads_by_size();
}

// What rounding left over goes to the first priority that has a load, healthy ones before degraded.
void LoadBalancer::give_rest(uint64_t left) {
  for (uint32_t Priority::*load : {&Priority::healthy_load, &Priority::degraded_load}) {
    for (Priority& p : priorities_) {
      if (p.*load == 0) continue;
      p.*load += static_cast<uint32_t>(left);
      return;
    }
  }
}

// All priorities are in panic: health tells nothing any more, the number of hosts does.
void LoadBalancer::assign_loads_by_size() {
  if (host_count_ == 0) return;
  uint64_t left = 100;
  for (Priority& p : priorities_) {
    p.healthy_load = static_cast<uint32_t>(100 * p.total / host_count_);
    p.degraded_load = 0;
    left -= p.healthy_load;
  }
  give_rest(left);
}

Host* LoadBalancer::pick_of(Priority& priority, HostPicker* picker, const Draw& draw,
                            bool& panic) const {
  panic = priority.panic && priority.all != nullptr;
  if (panic && fail_on_panic_) return nullptr;
  if (panic) picker = priority.all.get();
  return picker == nullptr ? nullptr : picker->pick(draw);
}

std::vector<uint32_t> LoadBalancer::loads_without(const std::vector<uint32_t>& without) const {
  std::vector<uint64_t> available;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < priorities_.size(); ++i) {
    const Priority& p = priorities_[i];
    bool out = p.counted() == 0 || std::find(without.begin(), without.end(), i) != without.end();
    uint64_t usable = p.healthy_hosts + p.degraded_hosts;
    available.push_back(out ? 0
                            : std::min<uint64_t>(100, overprovisioning_ * usable / p.counted()));
    sum += available.back();
  }
  sum = std::min<uint64_t>(100, sum);
  if (sum == 0) return {};
  std::vector<uint32_t> loads(available.size(), 0);
  // Once more for what rounding left over.
  for (uint64_t left = 100; left > 0;) {
    for (size_t i = 0; i < available.size(); ++i) {
      uint64_t load = std::min(left, available[i] * 100 / sum);
      loads[i] += static_cast<uint32_t>(load);
      left -= load;
    }
  }
  return loads;
}

Host* LoadBalancer::pick(const Draw& draw, bool& panic, const std::vector<uint32_t>* loads) {
  panic = false;
  if (loads != nullptr && loads->size() == priorities_.size()) {
    uint64_t part = hashes_ ? draw.number % 100 : (draw.number >> 40) % 100;
    for (size_t i = 0; i < priorities_.size(); ++i) {
      Priority& p = priorities_[i];
      bool degraded = p.healthy == nullptr || (draw.degraded && p.degraded != nullptr);
      HostPicker* picker = degraded ? p.degraded.get() : p.healthy.get();
      if (part < (*loads)[i]) return pick_of(p, picker, draw, panic);
      part -= (*loads)[i];
    }
  }
  uint64_t at = 0;
  if (priorities_.size() > 1 || (!priorities_.empty() && priorities_[0].degraded_load > 0))
    at = hashes_ ? draw.number % 100 : (draw.number >> 40) % 100;
  for (Priority& p : priorities_) {
    if (at >= p.healthy_load) {
      at -= p.healthy_load;
      continue;
    }
    return pick_of(p, p.healthy.get(), draw, panic);
  }
  for (Priority& p : priorities_) {
    if (at < p.degraded_load) return pick_of(p, p.degraded.get(), draw, panic);
    at -= p.degraded_load;
  }
  return nullptr;
}

}  // namespace outrigger::upstream
