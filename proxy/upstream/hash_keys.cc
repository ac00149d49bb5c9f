#include "proxy/upstream/hash_keys.h"

#include <xxhash.h>

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_map.h"

namespace outrigger::upstream {

uint64_t xx_hash(std::string_view text, uint64_t seed) {
  return XXH64(text.data(), text.size(), seed);
}

std::string hash_key_of(const config::Endpoint& endpoint, bool by_hostname) {
  static const std::string kKey[] = {"hash_key"};
  const MetadataValue* key = endpoint.metadata.find("envoy.lb", kKey);
  if (key != nullptr && key->string() != nullptr && !key->string()->empty()) return *key->string();
  if (by_hostname && !endpoint.hostname.empty()) return endpoint.hostname;
  return endpoint.address.text();
}

// What both lists begin and end with is not looked up: of many endpoints an update changes few.
KeptMembers::KeptMembers(const std::vector<HashMember>& before, const std::vector<HashMember>& now)
    : now_of(before.size(), kNone), before_of(now.size(), kNone) {
  auto keep = [this](size_t was, size_t is) {
    now_of[was] = static_cast<uint32_t>(is);
    before_of[is] = static_cast<uint32_t>(was);
  };
  size_t first = 0;
  size_t shorter = std::min(before.size(), now.size());
  for (; first < shorter && before[first].endpoint == now[first].endpoint; ++first)
    keep(first, first);
  size_t last_before = before.size();
  size_t last = now.size();
  while (last_before > first && last > first &&
         before[last_before - 1].endpoint == now[last - 1].endpoint)
    keep(--last_before, --last);
  absl::flat_hash_map<const config::Endpoint*, size_t> places;
  for (size_t i = first; i < last_before; ++i) places.emplace(before[i].endpoint, i);
  size_t furthest = first;
  for (size_t i = first; i < last && !places.empty(); ++i) {
    auto at = places.find(now[i].endpoint);
    if (at == places.end()) continue;
    keep(at->second, i);
    in_order = in_order && at->second >= furthest;
    furthest = at->second;
    places.erase(at);
  }
}

}  // namespace outrigger::upstream
