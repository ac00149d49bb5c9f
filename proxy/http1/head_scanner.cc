#include "proxy/http1/head_scanner.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace outrigger::http1 {
namespace {

// First line feed in [at, end), or end.
inline const char* find_line_feed(const char* at, const char* end) {
  const void* found = std::memchr(at, '\n', static_cast<size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

HeadScanner::Result HeadScanner::scan(Bytes bytes) {
  const char* begin = bytes.data();
  const char* end = begin + bytes.size();
  const char* line = begin;  // where the present line begins, if it begins in this call
  size_t carried = line_;    // what it had before
  const char* at = begin;
  // A line feed: 1 the head is complete, -1 it is bad, 0 go on.
  auto line_feed = [&](const char* p) {
    char before = p == begin ? last_ : p[-1];
    if (before != '\r') return -1;
    if (carried + static_cast<size_t>(p - line) == 1) return 1;
    carried = 0;
    line = p + 1;
    return 0;
  };
#if defined(__SSE2__)
  const __m128i feed = _mm_set1_epi8('\n');
  for (; end - at >= 16; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, feed)));
    for (; mask != 0; mask &= mask - 1) {
      const char* p = at + __builtin_ctz(mask);
      if (int verdict = line_feed(p); verdict != 0) {
        return {verdict > 0 ? State::complete : State::bad, static_cast<size_t>(p + 1 - begin)};
      }
    }
  }
#endif
  while ((at = find_line_feed(at, end)) != end) {
    if (int verdict = line_feed(at); verdict != 0) {
      return {verdict > 0 ? State::complete : State::bad, static_cast<size_t>(at + 1 - begin)};
    }
    ++at;
  }
  line_ = carried + static_cast<size_t>(end - line);
  if (begin != end) last_ = end[-1];
  return {State::incomplete, bytes.size()};
}

}  // namespace outrigger::http1
