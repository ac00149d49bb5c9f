// The policies in which equal hashes meet equal hosts: RING_HASH and MAGLEV, for one worker: its
// hosts, by the table that says which of them a hash belongs to. Thread: one worker. Lifetime:
// until the hosts change.
#pragma once

#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/hash_table.h"
#include "proxy/upstream/load_balancer.h"

namespace outrigger::upstream {

// `hosts`: by HashMember::place. pick() takes the hash. nullptr: there is no table.
std::unique_ptr<HostPicker> make_hash_picker(const config::Cluster& cluster, HashTablePtr table,
                                             std::shared_ptr<const std::vector<Host*>> hosts,
                                             const BalancerEnv& env = {});

}  // namespace outrigger::upstream
