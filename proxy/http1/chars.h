// Character classes of RFC 9110/9112 as 256-entry tables, and the scans of a head's hot loops.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace outrigger::http1 {

// The scans below may read this many octets beyond the end of a head; whoever stores a head appends
// as many NULs.
inline constexpr size_t kScanSlack = 16;

inline constexpr unsigned char octet(char c) {
  return static_cast<unsigned char>(c);
}

inline constexpr std::array<bool, 256> char_set(std::string_view extra) {
  std::array<bool, 256> set{};
  for (unsigned c = '0'; c <= '9'; ++c) set[c] = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) set[c] = true;
  for (unsigned c = 'A'; c <= 'Z'; ++c) set[c] = true;
  for (char c : extra) set[octet(c)] = true;
  return set;
}

// tchar of RFC 9110, 5.6.2: names and methods.
inline constexpr std::array<bool, 256> kToken = char_set("!#$%&'*+-.^_`|~");
// What may stand in an authority: unreserved, percent, sub-delims, ":" and brackets. Not "@", which
// names a user, and not ",", which is how a repeated Host looks after somebody joined it.
inline constexpr std::array<bool, 256> kAuthority = char_set("-._~%!$&'()*+;=:[]");

// A token's octet in lower case, 0 for what may not stand in a token.
inline constexpr std::array<char, 256> kLowerToken = [] {
  std::array<char, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    bool upper = c >= 'A' && c <= 'Z';
    table[c] = kToken[c] ? static_cast<char>(upper ? c + 32 : c) : '\0';
  }
  return table;
}();

// Value of a hexadecimal digit, or kNoHexDigit.
inline constexpr uint8_t kNoHexDigit = 0xff;
inline constexpr std::array<uint8_t, 256> kHexDigit = [] {
  std::array<uint8_t, 256> table{};
  table.fill(kNoHexDigit);
  for (uint8_t i = 0; i < 10; ++i) table[octet('0') + size_t{i}] = i;
  for (uint8_t i = 0; i < 6; ++i) {
    table[octet('a') + size_t{i}] = table[octet('A') + size_t{i}] = static_cast<uint8_t>(10 + i);
  }
  return table;
}();

inline constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline constexpr bool is_text(char c) {
  return octet(c) >= 0x20 ? c != 0x7f : c == '\t';
}
inline constexpr bool is_target(char c) {
  return octet(c) > 0x20 && octet(c) < 0x7f;
}

// First octet that may not stand in a field value: a control character other than HTAB.
// Precondition: there is one, and kScanSlack readable octets after it.
inline char* skip_text(char* at) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (;; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    __m128i stop = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, tab), control),
                                _mm_cmpeq_epi8(block, del));
    int mask = _mm_movemask_epi8(stop);
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#else
  while (is_text(*at)) ++at;
  return at;
#endif
}

// First octet that may not stand in a request target. The same precondition.
inline char* skip_target(char* at) {
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i del = _mm_set1_epi8(0x7f);
  for (;; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Signed comparison: 0x80..0xff are negative, so they stop as well.
    __m128i go = _mm_andnot_si128(_mm_cmpeq_epi8(block, del), _mm_cmpgt_epi8(block, space));
    int mask = _mm_movemask_epi8(go) ^ 0xffff;
    if (mask != 0) return at + __builtin_ctz(static_cast<unsigned>(mask));
  }
#else
  while (is_target(*at)) ++at;
  return at;
#endif
}

inline bool is_all_target(std::string_view text) {
  const char* at = text.data();
  const char* end = at + text.size();
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i go = _mm_andnot_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)),
                                  _mm_cmpgt_epi8(block, _mm_set1_epi8(0x20)));
    if (_mm_movemask_epi8(go) != 0xffff) return false;
  }
#endif
  for (; at != end; ++at) {
    if (!is_target(*at)) return false;
  }
  return true;
}

// Puts a token into lower case in place; returns its end. The same precondition.
inline char* lower_token(char* at) {
#if defined(__SSE2__)
  // Letters, digits and "-" up to a colon within one block: nearly every field name.
  __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  __m128i colon = _mm_cmpeq_epi8(block, _mm_set1_epi8(':'));
  auto colons = static_cast<unsigned>(_mm_movemask_epi8(colon));
  auto between = [](__m128i octets, char before, char after) {
    return _mm_and_si128(_mm_cmpgt_epi8(octets, _mm_set1_epi8(before)),
                         _mm_cmplt_epi8(octets, _mm_set1_epi8(after)));
  };
  __m128i upper = between(block, '@', '[');
  __m128i lowered = _mm_or_si128(block, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
  __m128i usual = _mm_or_si128(between(lowered, '`', '{'), between(block, '/', ':'));
  usual = _mm_or_si128(usual, _mm_cmpeq_epi8(block, _mm_set1_epi8('-')));
  unsigned unusual = ~static_cast<unsigned>(_mm_movemask_epi8(usual));
  // The first octet that is not a usual one is the colon: `name` is a bit for each octet before it.
  unsigned name = (unusual & (0u - unusual)) - 1;
  if ((colons & (name + 1)) != 0) {
    int size = __builtin_ctz(colons);
    alignas(16) static constexpr std::array<char, 32> kFirst = [] {
      std::array<char, 32> mask{};
      for (size_t i = 0; i < 16; ++i) mask[i] = '\xff';
      return mask;
    }();
    // Only the name: the value behind it keeps its case.
    __m128i keep = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kFirst.data() + 16 - size));
    __m128i raised = _mm_and_si128(_mm_and_si128(upper, keep), _mm_set1_epi8(0x20));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm_or_si128(block, raised));
    return at + size;
  }
#endif
  char lower;
  while ((lower = kLowerToken[octet(*at)]) != '\0') *at++ = lower;
  return at;
}

inline constexpr bool all_in(std::string_view text, const std::array<bool, 256>& set) {
  for (char c : text) {
    if (!set[octet(c)]) return false;
  }
  return true;
}

}  // namespace outrigger::http1
