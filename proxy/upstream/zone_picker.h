// ZonePicker: keeps requests in this process's zone as far as the hosts there can carry their part
// of all requests; the rest goes to zones that have room. Looks at the zones of the cluster of
// processes like this one, and again when its endpoints change. Thread: one worker. Lifetime: until
// the hosts change. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/zone_aware
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {

class ZonePicker final : public HostPicker {
 public:
  // `localities`: of one priority, with their names. `serving`: healthy or degraded: in this state
  // are the hosts that it picks; what goes where depends on the healthy ones. `all`: picks among
  // those that serve, whatever their zone. `env` has a table. The cluster has zone_routing.
  ZonePicker(const config::Cluster& cluster, const std::vector<const LocalityHosts*>& localities,
             config::Endpoint::Health serving, std::unique_ptr<HostPicker> all, uint64_t seed,
             const BalancerEnv& env);
  Host* pick(const Draw& draw) override;

 private:
  enum class Mode : uint8_t {
    off,       // the zone does not matter
    direct,    // all stay in the zone
    residual,  // some do, the others go where there is room
  };
  struct Zone {
    config::Locality locality;
    uint64_t count = 0;                  // of healthy hosts
    uint64_t healthy = 0;                // hosts, or their weights
    std::vector<Host*> hosts;            // that serve
    std::unique_ptr<HostPicker> picker;  // nullptr: none of its hosts serves
    uint64_t room_end = 0;               // of the parts of 10,000 that have room, up to this one
  };
  // Of the cluster of processes like this one.
  struct LocalZone {
    config::Locality locality;
    uint64_t hosts = 0, healthy = 0, weight = 0;
  };

  bool is_here(const config::Locality& locality) const;
  void add(const LocalityHosts& locality, config::Endpoint::Health serving);
  std::vector<LocalZone> local_zones(bool& panic) const;
  void recalculate();
  Mode choose_mode(const std::vector<LocalZone>& local);
  void share_out(const std::vector<LocalZone>& local);
  Zone& choose(uint64_t random);
  bool enabled(uint64_t random) const;

  std::shared_ptr<const config::BalancerOptions> options_;
  const config::ZoneRouting& config_;
  double panic_threshold_;
  bool fail_on_panic_;
  BalancerEnv env_;
  ClusterStats* notes_;      // where what was found out counts: once for healthy and degraded hosts
  std::vector<Zone> zones_;  // this process's first, if it is among them
  bool has_here_ = false;
  std::unique_ptr<HostPicker> all_;
  uint64_t healthy_hosts_ = 0;
  uint64_t seen_ = 0;  // version of the local cluster's endpoints
  Mode mode_ = Mode::off;
  bool local_panic_ = false;
  uint64_t stays_ = 0;  // of 10,000
};

}  // namespace outrigger::upstream
