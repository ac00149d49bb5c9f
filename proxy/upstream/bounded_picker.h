// Bounded load (hash_balance_factor): where a hash's own host has more requests than its part of
// the average allows, the hash goes to another one, always in the same order, which is Envoy's:
// both send a hash to the same host at the same load. Loads are those of this worker. Thread: one
// worker. Lifetime: until the hosts change. Semantics: https://arxiv.org/abs/1608.01350
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/upstream/hash_table.h"
#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {

class BoundedPicker final : public HostPicker {
 public:
  // `percent`: of the average load, what a host may have; 100 or more. `hosts`: by place.
  BoundedPicker(HashTablePtr table, std::shared_ptr<const std::vector<Host*>> hosts,
                uint32_t percent, const BalancerEnv& env);
  Host* pick(const Draw& draw) override;

 private:
  Host* host_of(uint32_t member) const { return (*hosts_)[table_->members()[member].place]; }
  // Of what the host may have; above 1: too much.
  double load_of(uint32_t member) const;
  Host* pick_other(uint32_t own, uint64_t hash, double least);

  HashTablePtr table_;
  std::shared_ptr<const std::vector<Host*>> hosts_;
  std::vector<uint32_t> order_;  // of the members: shuffled and put in order again by each pick
  std::vector<uint32_t> swaps_;
  uint32_t percent_;
  BalancerEnv env_;
};

}  // namespace outrigger::upstream
