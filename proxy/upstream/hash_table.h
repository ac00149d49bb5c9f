// HashTable: which host each hash belongs to, of RING_HASH or MAGLEV: equal hashes meet equal
// hosts, in every worker and process, and they are those of Envoy. Each host has as many places as
// its part is worth; hosts that come and go move few of the others' hashes. Hosts are numbers here,
// so that one table serves all workers. A table is made from an earlier one at the price of what
// changed, and is the same as if it were made from nothing. Thread: any; immutable. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "api/config/cluster.h"

namespace outrigger::upstream {

// A host that has a part of the hashes; the parts are 1 together.
struct HashMember {
  const config::Endpoint* endpoint = nullptr;
  uint32_t place = 0;  // among all hosts of the cluster
  double part = 0;
};

class HashTable {
 public:
  // What every host has, for statistics.
  struct Figures {
    size_t size = 0;
    size_t fewest = 0, most = 0;  // of one host
  };
  virtual ~HashTable() = default;
  HashTable(const HashTable&) = delete;
  HashTable& operator=(const HashTable&) = delete;

  // The member, as its place in members(). `attempt`: an equal hash is to meet another host, the
  // n-th time.
  virtual uint32_t find(uint64_t hash, uint32_t attempt) const = 0;
  const std::vector<HashMember>& members() const { return members_; }
  const Figures& figures() const { return figures_; }

 protected:
  explicit HashTable(std::vector<HashMember> members) : members_(std::move(members)) {}

  std::vector<HashMember> members_;
  Figures figures_;
};
using HashTablePtr = std::shared_ptr<const HashTable>;

// Of a cluster with one of these policies. `before`: an earlier one of it, whose endpoints still
// exist, or nullptr. nullptr: there are no members.
HashTablePtr make_hash_table(const config::Cluster& cluster, std::vector<HashMember> members,
                             const HashTable* before = nullptr);

}  // namespace outrigger::upstream
