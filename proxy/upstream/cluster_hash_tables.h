// ClusterHashTables: the hash tables of a cluster's priorities, made once, on the main thread, for
// all workers: making one of many hosts takes longer than a request may wait. Small ones each
// worker makes by itself, with its first request: clusters that nobody uses cost nothing. Thread:
// made on main; immutable. Lifetime: shared; keeps the endpoints that it names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/hash_table.h"
#include "proxy/upstream/host_state.h"
#include "proxy/upstream/priority_loads.h"

namespace outrigger::upstream {

// The hosts of one locality of one priority, as far as a table depends on them.
struct HashLocality {
  struct Host {
    const config::Endpoint* endpoint;
    uint32_t place;  // among all hosts of the cluster
    config::Endpoint::Health health;
  };
  uint32_t weight = 0;  // 0: none
  std::vector<Host> hosts;
};

// The one table by which a priority's requests are sent out: among its healthy hosts, in panic
// among all; among the degraded ones if none is healthy. nullptr: there is no such host.
// `by_locality`: the localities' weights count.
HashTablePtr make_priority_table(const config::Cluster& cluster, bool by_locality,
                                 const std::vector<HashLocality>& localities, bool panic,
                                 const HashTable* before = nullptr);

class ClusterHashTables {
 public:
  using EndpointSetPtr = std::shared_ptr<const config::EndpointSet>;
  struct Priority {
    PriorityHealth health;
    HashTablePtr table;
  };
  // `states`: what is known of each; nullptr: nothing. `before`: those of the cluster's last
  // change, or nullptr.
  ClusterHashTables(const config::Cluster& cluster, EndpointSetPtr endpoints,
                    const HostStates* states, const ClusterHashTables* before);

  const std::vector<Priority>& priorities() const { return priorities_; }
  // They are of these endpoints.
  bool are_of(const config::EndpointSet& endpoints) const { return endpoints_.get() == &endpoints; }

 private:
  EndpointSetPtr endpoints_;
  std::vector<Priority> priorities_;
};
using ClusterHashTablesPtr = std::shared_ptr<const ClusterHashTables>;

// Making them takes so long that the workers must not.
bool shares_hash_tables(const config::Cluster& cluster, const config::EndpointSet& endpoints);

}  // namespace outrigger::upstream
