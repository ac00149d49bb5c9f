// RingTable: hosts around a ring, each at many places; a hash belongs to the first place behind it.
// Thread: any; immutable.
#pragma once

#include <vector>

#include "proxy/upstream/hash_table.h"

namespace outrigger::upstream {

class RingTable final : public HashTable {
 public:
  // `before` may be nullptr. One whose places were found otherwise is of no use, and not used.
  RingTable(const config::HashBalancing& config, std::vector<HashMember> members,
            const RingTable* before);
  // Another attempt goes on along the ring, to whatever host has the place there.
  uint32_t find(uint64_t hash, uint32_t attempt) const override;

  // Of the places of `before`, those that were not hashed again. For tests.
  size_t kept() const { return kept_; }

 private:
  struct Place {
    uint64_t hash;
    uint32_t member;
    uint32_t number;  // of the member's places
  };
  static bool less(const Place& a, const Place& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.member < b.member;
  }
  void count_places(const config::HashBalancing& config);
  std::vector<Place> keep(const RingTable& before, std::vector<uint32_t>& have);
  std::vector<Place> make(const std::vector<uint32_t>& have) const;

  bool murmur_, by_hostname_;
  std::vector<uint32_t> counts_;  // of each member
  std::vector<Place> places_;
  size_t kept_ = 0;
};

}  // namespace outrigger::upstream
