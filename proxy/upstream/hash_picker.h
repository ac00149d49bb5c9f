// The policies in which equal hashes meet equal hosts, in every worker and process: RING_HASH and
// MAGLEV. Each host has as many places as its weight is worth; hosts that come and go move few of
// the others' hashes. Places are Envoy's: both send a hash to the same host. Thread: one worker.
// Lifetime: until the hosts change. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers
#pragma once

#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {

// A host and its part of all of them; the parts are 1 together.
struct WeightedHost {
  Host* host = nullptr;
  double part = 0;
};

// Parts by the hosts' weights within their locality, and by the localities' shares; a locality
// without a share has none.
std::vector<WeightedHost> weigh(const std::vector<LocalityShare>& localities);

// pick() takes the hash. nullptr: no host has a part.
std::unique_ptr<HostPicker> make_hash_picker(const config::Cluster& cluster,
                                             std::vector<WeightedHost> hosts,
                                             const BalancerEnv& env = {});

}  // namespace outrigger::upstream
