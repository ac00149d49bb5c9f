// Bounded load (hash_balance_factor): where a hash's own host has more requests than its part of
// the average allows, the hash goes to another one, always in the same order, which is Envoy's:
// both send a hash to the same host at the same load. Loads are those of this worker. Thread: one
// worker. Lifetime: until the hosts change. Semantics: https://arxiv.org/abs/1608.01350
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "proxy/upstream/hash_picker.h"

namespace outrigger::upstream {

class BoundedPicker final : public HostPicker {
 public:
  // `percent`: of the average load, what a host may have; 100 or more.
  BoundedPicker(std::unique_ptr<HostPicker> by_hash, std::vector<WeightedHost> hosts,
                uint32_t percent, const BalancerEnv& env);
  Host* pick(const Draw& draw) override;

 private:
  // Of what the host may have; above 1: too much.
  double load_of(const Host& host, double part) const;
  Host* pick_other(Host& own, uint64_t hash, double least);

  std::unique_ptr<HostPicker> by_hash_;
  std::vector<WeightedHost> hosts_;
  absl::flat_hash_map<const Host*, double> parts_;
  std::vector<uint32_t> order_;  // shuffled and put in order again by each pick
  std::vector<uint32_t> swaps_;
  uint32_t percent_;
  BalancerEnv env_;
};

}  // namespace outrigger::upstream
