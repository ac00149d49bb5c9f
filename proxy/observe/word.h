// Eight octets at once: whether any of them is special. Exact, whatever the octets are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace outrigger::observe {

constexpr size_t kWord = sizeof(uint64_t);
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

inline uint64_t load_word(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, kWord);
  return word;
}
inline bool any_high(uint64_t word) {
  return (word & kHighs) != 0;
}
// `limit` at most 128.
inline bool any_below(uint64_t word, uint64_t limit) {
  return ((word - kOnes * limit) & ~word & kHighs) != 0;
}
inline bool any_equal(uint64_t word, unsigned char octet) {
  return any_below(word ^ (kOnes * octet), 1);
}

}  // namespace outrigger::observe
