#include "proxy/upstream/maglev_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "proxy/upstream/hash_keys.h"

namespace outrigger::upstream {

// Who takes part while the table is filled.
struct MaglevTable::Candidate {
  uint32_t member;
  uint32_t next, step;
  uint32_t entries;
  double part, due;
};

MaglevTable::MaglevTable(const config::HashBalancing& config, std::vector<HashMember> members,
                         const MaglevTable* before)
    : HashTable(std::move(members)),
      by_hostname_(config.by_hostname),
      likings_(members_.size()),
      table_(config.table_size, kFree) {
  bool usable = before != nullptr && before->by_hostname_ == by_hostname_ &&
                before->table_.size() == table_.size();
  if (!usable || !take_over(*before)) make_all();
  fill();
}

MaglevTable::Liking MaglevTable::like(const std::string& key) const {
  uint64_t size = table_.size();
  return {static_cast<uint32_t>(xx_hash(key) % size),
          static_cast<uint32_t>(xx_hash(key, 1) % (size - 1) + 1)};
}

void MaglevTable::make_all() {
  std::vector<std::pair<std::string, uint32_t>> keys;
  keys.reserve(members_.size());
  for (uint32_t i = 0; i < members_.size(); ++i) {
    keys.emplace_back(hash_key_of(*members_[i].endpoint, by_hostname_), i);
    likings_[i] = like(keys.back().first);
  }
  hashed_ = keys.size();
  std::sort(keys.begin(), keys.end());
  order_.clear();
  order_.reserve(keys.size());
  for (const auto& [key, member] : keys) order_.push_back(member);
}

// False: too much is otherwise for its order to be of use.
bool MaglevTable::take_over(const MaglevTable& before) {
  KeptMembers kept(before.members_, members_);
  // Of equal keys the first in the list is the first.
  if (!kept.in_order) return false;
  std::vector<uint32_t> fresh;
  for (uint32_t i = 0; i < members_.size(); ++i) {
    if (kept.before_of[i] == KeptMembers::kNone)
      fresh.push_back(i);
    else
      likings_[i] = before.likings_[kept.before_of[i]];
  }
  // Each of them is looked up by its key, and moves those behind it.
  constexpr size_t kFew = 64;
  if (fresh.size() > kFew) return false;
  order_.reserve(members_.size());
  for (uint32_t was : before.order_) {
    if (kept.now_of[was] != KeptMembers::kNone) order_.push_back(kept.now_of[was]);
  }
  insert(std::move(fresh));
  return true;
}

void MaglevTable::insert(std::vector<uint32_t> fresh) {
  hashed_ = fresh.size();
  for (uint32_t member : fresh) {
    std::pair<std::string, uint32_t> wanted(hash_key_of(*members_[member].endpoint, by_hostname_),
                                            member);
    likings_[member] = like(wanted.first);
    auto at =
        std::lower_bound(order_.begin(), order_.end(), wanted, [this](uint32_t a, const auto& b) {
          return std::pair(hash_key_of(*members_[a].endpoint, by_hostname_), a) < b;
        });
    order_.insert(at, member);
  }
}

// Each host in turn takes the next entry of its liking that is free; one of half the greatest
// weight in every second round.
void MaglevTable::fill() {
  std::vector<Candidate> candidates;
  candidates.reserve(members_.size());
  double most = 0;
  for (uint32_t member : order_) {
    const HashMember& from = members_[member];
    candidates.push_back({member, likings_[member].first, likings_[member].step, 0, from.part, 0});
    most = std::max(most, from.part);
  }
  auto size = static_cast<uint32_t>(table_.size());
  auto go_on = [size](Candidate& candidate) {
    uint32_t left = size - candidate.next;  // both are below the size: no overflow
    candidate.next =
        candidate.step < left ? candidate.next + candidate.step : candidate.step - left;
  };
  size_t filled = 0;
  for (uint32_t round = 1; filled < table_.size(); ++round) {
    for (size_t i = 0; i < candidates.size() && filled < table_.size(); ++i) {
      Candidate& candidate = candidates[i];
      if (round * candidate.part < candidate.due) continue;
      candidate.due += most;
      while (table_[candidate.next] != kFree) go_on(candidate);
      table_[candidate.next] = candidate.member;
      ++candidate.entries;
      go_on(candidate);
      ++filled;
    }
  }
  auto less = [](const Candidate& a, const Candidate& b) { return a.entries < b.entries; };
  auto [fewest, greatest] = std::minmax_element(candidates.begin(), candidates.end(), less);
  figures_ = {table_.size(), fewest->entries, greatest->entries};
}

uint32_t MaglevTable::find(uint64_t hash, uint32_t attempt) const {
  uint64_t changed = hash ^ (uint64_t{0} - attempt);
  return table_[changed % table_.size()];
}

}  // namespace outrigger::upstream
