#include "proxy/upstream/hash_table.h"

#include <string>
#include <utility>

#include "proxy/upstream/maglev_table.h"
#include "proxy/upstream/ring_table.h"

namespace outrigger::upstream {

HashTablePtr make_hash_table(const config::Cluster& cluster, std::vector<HashMember> members,
                             const HashTable* before) {
  if (members.empty()) return nullptr;
  static const config::HashBalancing kDefault;
  const config::HashBalancing& config = cluster.hashing == nullptr ? kDefault : *cluster.hashing;
  if (cluster.balancer == config::Cluster::Balancer::maglev)
    return std::make_shared<const MaglevTable>(config, std::move(members),
                                               dynamic_cast<const MaglevTable*>(before));
  return std::make_shared<const RingTable>(config, std::move(members),
                                           dynamic_cast<const RingTable*>(before));
}

}  // namespace outrigger::upstream
