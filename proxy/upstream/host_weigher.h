// HostWeigher: what a host weighs at the time of a pick: its configured weight, less if it has
// requests (LEAST_REQUEST), less while it is new (slow start). Thread: one worker. Lifetime: its
// picker's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/slow_start
#pragma once

#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/balancer_env.h"
#include "proxy/upstream/host.h"

namespace outrigger::upstream {

class HostWeigher {
 public:
  HostWeigher(const config::Cluster& cluster, const BalancerEnv& env,
              const std::vector<Host*>& hosts);

  // Weights alone do not say what hosts get: some are new.
  bool in_slow_start() const;
  double operator()(const Host* host) const;

 private:
  double slow_start_factor(const Host& host) const;

  std::shared_ptr<const config::BalancerOptions> options_;
  const config::SlowStart* slow_start_ = nullptr;  // nullptr: none
  BalancerEnv env_;
  bool by_load_;
  double bias_ = 1;       // the power of the number of requests
  MonotonicTime newest_;  // the last that a host began to serve
};

}  // namespace outrigger::upstream
