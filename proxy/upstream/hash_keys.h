// What hash tables have in common: the text that a host is placed by, and which of an earlier
// table's members are in the next one. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/upstream/hash_table.h"

namespace outrigger::upstream {

uint64_t xx_hash(std::string_view text, uint64_t seed = 0);

// Its metadata's envoy.lb/hash_key, its name if names count, its address.
std::string hash_key_of(const config::Endpoint& endpoint, bool by_hostname);

// Members that are the same endpoints, by place in the lists.
struct KeptMembers {
  static constexpr uint32_t kNone = 0xffffffff;
  KeptMembers(const std::vector<HashMember>& before, const std::vector<HashMember>& now);

  std::vector<uint32_t> now_of;     // of each of before: where it is now, or kNone
  std::vector<uint32_t> before_of;  // of each of now: where it was, or kNone
  bool in_order = true;             // none of them has overtaken another
};

}  // namespace outrigger::upstream
