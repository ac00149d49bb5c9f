#include "proxy/upstream/ring_table.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

#include "proxy/upstream/hash_keys.h"
#include "proxy/upstream/murmur_hash.h"

namespace outrigger::upstream {

RingTable::RingTable(const config::HashBalancing& config, std::vector<HashMember> members,
                     const RingTable* before)
    : HashTable(std::move(members)), murmur_(config.murmur), by_hostname_(config.by_hostname) {
  count_places(config);
  std::vector<uint32_t> have(members_.size(), 0);
  std::vector<Place> kept;
  bool usable =
      before != nullptr && before->murmur_ == murmur_ && before->by_hostname_ == by_hostname_;
  if (usable) kept = keep(*before, have);
  kept_ = kept.size();
  std::vector<Place> made = make(have);
  if (kept.empty()) {
    places_ = std::move(made);
    return;
  }
  places_.reserve(kept.size() + made.size());
  std::merge(kept.begin(), kept.end(), made.begin(), made.end(), std::back_inserter(places_), less);
}

// Each host has whole places, the lightest one at least one.
void RingTable::count_places(const config::HashBalancing& config) {
  double least = 1;
  for (const HashMember& member : members_) least = std::min(least, member.part);
  double wanted = std::ceil(least * static_cast<double>(config.minimum_ring_size)) / least;
  double size = std::min(wanted, static_cast<double>(config.maximum_ring_size));
  figures_.size = static_cast<size_t>(std::ceil(size));
  figures_.fewest = figures_.size;
  counts_.reserve(members_.size());
  double placed = 0;
  double target = 0;
  for (const HashMember& member : members_) {
    target += size * member.part;
    double until = std::max(placed, std::ceil(target));
    counts_.push_back(static_cast<uint32_t>(until - placed));
    placed = until;
    figures_.fewest = std::min<size_t>(figures_.fewest, counts_.back());
    figures_.most = std::max<size_t>(figures_.most, counts_.back());
  }
}

// The places that stay, in order; `have` says how many of each member they are.
std::vector<RingTable::Place> RingTable::keep(const RingTable& before,
                                              std::vector<uint32_t>& have) {
  KeptMembers members(before.members_, members_);
  for (size_t i = 0; i < members_.size(); ++i) {
    uint32_t was = members.before_of[i];
    if (was != KeptMembers::kNone) have[i] = std::min(counts_[i], before.counts_[was]);
  }
  std::vector<Place> kept;
  kept.reserve(before.places_.size());
  for (const Place& place : before.places_) {
    uint32_t member = members.now_of[place.member];
    if (member == KeptMembers::kNone || place.number >= counts_[member]) continue;
    kept.push_back({place.hash, member, place.number});
  }
  // Only equal hashes may have changed their order, with their members.
  if (!members.in_order) std::sort(kept.begin(), kept.end(), less);
  return kept;
}

// The places that each member is to have beyond those.
std::vector<RingTable::Place> RingTable::make(const std::vector<uint32_t>& have) const {
  std::vector<Place> made;
  for (uint32_t i = 0; i < members_.size(); ++i) {
    if (have[i] == counts_[i]) continue;
    std::string key = hash_key_of(*members_[i].endpoint, by_hostname_) + '_';
    size_t prefix = key.size();
    for (uint32_t number = have[i]; number < counts_[i]; ++number) {
      key.resize(prefix);
      key += std::to_string(number);
      made.push_back({murmur_ ? murmur_hash(key) : xx_hash(key), i, number});
    }
  }
  std::sort(made.begin(), made.end(), less);
  return made;
}

uint32_t RingTable::find(uint64_t hash, uint32_t attempt) const {
  auto at = std::lower_bound(places_.begin(), places_.end(), hash,
                             [](const Place& place, uint64_t h) { return place.hash < h; });
  size_t index = at == places_.end() ? 0 : static_cast<size_t>(at - places_.begin());
  if (attempt > 0) index = (index + attempt) % places_.size();
  return places_[index].member;
}

}  // namespace outrigger::upstream
