#include "proxy/upstream/load_balancer.h"

#include <algorithm>

namespace outrigger::upstream {
namespace {

// Envoy's overprovisioning factor: a priority counts as full from 72 % healthy hosts on.
constexpr uint64_t kOverprovisioning = 140;

}  // namespace

LoadBalancer::LoadBalancer(const config::Cluster& cluster,
                           const std::vector<std::vector<Host*>>& priorities, uint64_t seed) {
  using Health = config::Endpoint::Health;
  for (const std::vector<Host*>& hosts : priorities) {
    std::vector<Host*> healthy;
    std::vector<Host*> degraded;
    for (Host* host : hosts) {
      if (host->endpoint->health == Health::healthy) healthy.push_back(host);
      if (host->endpoint->health == Health::degraded) degraded.push_back(host);
    }
    Priority priority;
    priority.total = hosts.size();
    priority.healthy_hosts = healthy.size();
    priority.degraded_hosts = degraded.size();
    host_count_ += hosts.size();
    healthy_count_ += healthy.size();
    bool all_healthy = healthy.size() == hosts.size();
    if (!healthy.empty()) priority.healthy = make_picker(cluster, std::move(healthy), seed);
    if (!degraded.empty()) priority.degraded = make_picker(cluster, std::move(degraded), seed);
    if (!hosts.empty() && !all_healthy) priority.all = make_picker(cluster, hosts, seed);
    priorities_.push_back(std::move(priority));
  }
  assign_loads(cluster);
}

void LoadBalancer::assign_loads(const config::Cluster& cluster) {
  auto available = [](size_t part, size_t total) {
    return total == 0 ? uint64_t{0} : std::min<uint64_t>(100, kOverprovisioning * part / total);
  };
  uint64_t sum = 0;
  for (const Priority& p : priorities_)
    sum += available(p.healthy_hosts, p.total) + available(p.degraded_hosts, p.total);
  uint64_t norm = std::min<uint64_t>(100, sum);
  uint64_t left = 100;
  if (norm != 0) {
    auto assign = [&](uint64_t share) {
      uint64_t load = std::min(left, share * 100 / norm);
      left -= load;
      return static_cast<uint32_t>(load);
    };
    for (Priority& p : priorities_) p.healthy_load = assign(available(p.healthy_hosts, p.total));
    for (Priority& p : priorities_) p.degraded_load = assign(available(p.degraded_hosts, p.total));
    give_rest(left);
  }
  // Panic counts only where even all priorities together are not enough.
  bool total_panic = norm < 100 && cluster.panic_threshold > 0;
  for (Priority& p : priorities_) {
    if (p.total == 0) continue;
    double usable = 100.0 * static_cast<double>(p.healthy_hosts + p.degraded_hosts) /
                    static_cast<double>(p.total);
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

Host* LoadBalancer::pick_of(Priority& priority, HostPicker* picker, uint64_t random, bool& panic) {
  panic = priority.panic && priority.all != nullptr;
  if (panic) picker = priority.all.get();
  return picker == nullptr ? nullptr : picker->pick(random);
}

Host* LoadBalancer::pick(uint64_t random, bool& panic) {
  panic = false;
  uint64_t at =
      priorities_.size() == 1 && priorities_[0].degraded_load == 0 ? 0 : (random >> 40) % 100;
  for (Priority& p : priorities_) {
    if (at >= p.healthy_load) {
      at -= p.healthy_load;
      continue;
    }
    return pick_of(p, p.healthy.get(), random, panic);
  }
  for (Priority& p : priorities_) {
    if (at < p.degraded_load) return pick_of(p, p.degraded.get(), random, panic);
    at -= p.degraded_load;
  }
  return nullptr;
}

}  // namespace outrigger::upstream
