// MurmurHash2, 64 bits, as the C++ library of GCC has it for std::hash: rings are compatible with
// it. Pure. https://github.com/aappleby/smhasher
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace outrigger::upstream {

inline uint64_t murmur_hash(std::string_view text, uint64_t seed = 0xc70f6907ULL) {
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995ULL;
  auto mix = [](uint64_t value) { return value ^ (value >> 47); };
  auto load = [](const char* from, size_t size) {  // little-endian
    uint64_t value = 0;
    for (size_t i = size; i > 0; --i) value = value << 8 | static_cast<unsigned char>(from[i - 1]);
    return value;
  };
  const char* at = text.data();
  const char* whole = at + (text.size() & ~size_t{7});
  uint64_t hash = seed ^ (text.size() * kMultiplier);
  for (; at != whole; at += 8)
    hash = (hash ^ mix(load(at, 8) * kMultiplier) * kMultiplier) * kMultiplier;
  if ((text.size() & 7) != 0) hash = (hash ^ load(at, text.size() & 7)) * kMultiplier;
  return mix(mix(hash) * kMultiplier);
}

}  // namespace outrigger::upstream
