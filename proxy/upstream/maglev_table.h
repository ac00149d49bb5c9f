// MaglevTable: a table in which each host has its share of the entries. Thread: any; immutable.
// https://research.google/pubs/pub44824
#pragma once

#include <vector>

#include "proxy/upstream/hash_table.h"

namespace outrigger::upstream {

class MaglevTable final : public HashTable {
 public:
  // `before` may be nullptr. One of another kind of key or size is of no use, and not used.
  MaglevTable(const config::HashBalancing& config, std::vector<HashMember> members,
              const MaglevTable* before);
  uint32_t find(uint64_t hash, uint32_t attempt) const override;

  // How many members' keys were hashed. For tests.
  size_t hashed() const { return hashed_; }

 private:
  static constexpr uint32_t kFree = 0xffffffff;
  // The entry that a member likes best, and how far it is from each to the one that comes next.
  struct Liking {
    uint32_t first = 0, step = 0;
  };
  struct Candidate;

  bool take_over(const MaglevTable& before);
  void make_all();
  void insert(std::vector<uint32_t> fresh);
  Liking like(const std::string& key) const;
  void fill();

  bool by_hostname_;
  std::vector<Liking> likings_;  // of each member
  std::vector<uint32_t> order_;  // of the members, by their keys: the order of the list is nothing
  std::vector<uint32_t> table_;
  size_t hashed_ = 0;
};

}  // namespace outrigger::upstream
