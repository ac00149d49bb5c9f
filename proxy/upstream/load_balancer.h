// LoadBalancer: picks a host of a cluster for one request. Priorities, overprovisioning and the
// panic threshold as Envoy documents them:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/
// Thread: one worker. Lifetime: the worker's cluster entry.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/balancer_env.h"
#include "proxy/upstream/host.h"
#include "proxy/upstream/priority_loads.h"

namespace outrigger::upstream {

class ClusterHashTables;

// What one choice depends on: a random number, or the hash where the policy wants one.
struct Draw {
  Draw(uint64_t number_in, uint32_t attempt_in = 0)  // NOLINT: a number is a draw
      : number(number_in), attempt(attempt_in) {}
  uint64_t number;
  uint32_t attempt;       // an equal hash is to meet another host: n-th time
  bool degraded = false;  // the degraded hosts of a priority that was chosen already
  const std::vector<const Host*>* avoid = nullptr;  // those that refused; nullptr: none
  bool avoids(const Host* host) const {
    return avoid != nullptr && std::find(avoid->begin(), avoid->end(), host) != avoid->end();
  }
};

// The choice among the hosts of one priority. Never among none.
class HostPicker {
 public:
  virtual ~HostPicker() = default;
  virtual Host* pick(const Draw& draw) = 0;
};

std::unique_ptr<HostPicker> make_picker(const config::Cluster& cluster, std::vector<Host*> hosts,
                                        uint64_t seed, const BalancerEnv& env = {});

// Localities take turns by their weights. Those that are empty or weigh nothing get none.
struct LocalityShare {
  double weight = 0;
  std::vector<Host*> hosts;
};
// nullptr: no locality has a share.
std::unique_ptr<HostPicker> make_locality_picker(const config::Cluster& cluster,
                                                 std::vector<LocalityShare> localities,
                                                 uint64_t seed, const BalancerEnv& env = {});

// The hosts of one locality of an EndpointSet.
struct LocalityHosts {
  uint32_t priority = 0;
  uint32_t weight = 0;  // 0: none
  std::vector<Host*> hosts;
  const config::Locality* locality = nullptr;  // for the call; nullptr: zones do not matter
  bool operator==(const LocalityHosts&) const = default;
};

// Localities have shares by their weights; in subsets only if the configuration says so.
bool weighs_localities(const config::Cluster& cluster);

class LoadBalancer {
 public:
  // A priority counts as full from 72 % healthy hosts on.
  static constexpr uint32_t kOverprovisioning = 140;

  LoadBalancer() = default;  // without hosts
  // `seed` spreads the workers' and processes' first choices. `tables`: of these very hosts, if
  // there are some already; of a policy that hashes.
  LoadBalancer(const config::Cluster& cluster, const std::vector<LocalityHosts>& localities,
               uint64_t seed, uint32_t overprovisioning_percent = kOverprovisioning,
               const BalancerEnv& env = {}, const ClusterHashTables* tables = nullptr);

  // nullptr: no host can take a request. `panic`: the choice was made among all hosts, healthy or
  // not.
  Host* pick(const Draw& draw, bool& panic) { return pick(draw, panic, nullptr); }
  // `loads`: the share of each priority in per cent, of its healthy hosts; nullptr: as health says.
  Host* pick(const Draw& draw, bool& panic, const std::vector<uint32_t>* loads);
  // The shares where the priorities in `without` get none; empty: nothing is left that can take a
  // request.
  std::vector<uint32_t> loads_without(const std::vector<uint32_t>& without) const;
  size_t host_count() const { return host_count_; }
  size_t healthy_count() const { return healthy_count_; }

 private:
  using HostsOfPriority = std::vector<const LocalityHosts*>;
  // Each may be nullptr: there is no such host. A policy that hashes has one picker only: `all` in
  // panic, otherwise `healthy`.
  struct Pickers {
    std::unique_ptr<HostPicker> healthy;
    std::unique_ptr<HostPicker> degraded;
    std::unique_ptr<HostPicker> all;  // in panic
  };
  static std::vector<HostsOfPriority> by_priority(const std::vector<LocalityHosts>& localities);
  PriorityHealth health_of(const HostsOfPriority& localities, uint32_t overprovisioning) const;
  Pickers make_pickers(const config::Cluster& cluster, const HostsOfPriority& localities,
                       const PriorityHealth& known, bool panic, uint64_t seed,
                       const BalancerEnv& env) const;
  void make_hash_pickers(const config::Cluster& cluster,
                         const std::vector<LocalityHosts>& localities, const BalancerEnv& env,
                         const ClusterHashTables* tables);
  Host* pick_of(uint32_t priority, bool degraded, const Draw& draw, bool& panic) const;
  uint32_t share_of(const Draw& draw) const;

  std::vector<PriorityHealth> health_;
  PriorityLoads loads_;
  std::vector<Pickers> pickers_;  // by priority
  uint32_t overprovisioning_ = kOverprovisioning;
  bool hashes_ = false;
  bool fail_on_panic_ = false;
  size_t host_count_ = 0;
  size_t healthy_count_ = 0;
};

}  // namespace outrigger::upstream
