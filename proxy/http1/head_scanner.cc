#include "proxy/http1/head_scanner.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace outrigger::http1 {
namespace {

constexpr size_t kBlock = 64;

#if defined(__SSE2__)
inline __m128i load(const char* octets) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(octets));
}

inline uint64_t where(__m128i part, __m128i octet) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(part, octet)));
}

inline uint64_t where(const __m128i (&parts)[4], char c) {
  const __m128i octet = _mm_set1_epi8(c);
  return where(parts[0], octet) | where(parts[1], octet) << 16 | where(parts[2], octet) << 32 |
         where(parts[3], octet) << 48;
}
#endif

}  // namespace

inline HeadScanner::Marks HeadScanner::marks_of(const char* octets) {
#if defined(__SSE2__)
  const __m128i parts[4] = {load(octets), load(octets + 16), load(octets + 32), load(octets + 48)};
  return {where(parts, '\n'), where(parts, '\r')};
#else
  Marks marks{0, 0};
  for (unsigned i = 0; i < kBlock; ++i) {
    marks.feeds |= uint64_t{octets[i] == '\n'} << i;
    marks.returns |= uint64_t{octets[i] == '\r'} << i;
  }
  return marks;
#endif
}

inline unsigned HeadScanner::stop_at(Marks marks, State& state) const {
  uint64_t after_return = marks.returns << 1 | return_before_;
  uint64_t bare = marks.feeds & ~after_return;
  // A line feed two octets behind another, with a return between them: an empty line.
  uint64_t empty = marks.feeds & after_return & (marks.feeds << 2 | feeds_before_);
  uint64_t stops = bare | empty;
  if (stops == 0) return kBlock;
  uint64_t first = stops & (0 - stops);
  state = (first & empty) != 0 ? State::complete : State::bad;
  return static_cast<unsigned>(__builtin_ctzll(stops));
}

inline void HeadScanner::remember(Marks marks, size_t size) {
  return_before_ = marks.returns >> (size - 1) & 1;
  feeds_before_ =
      size == 1 ? feeds_before_ >> 1 | (marks.feeds & 1) << 1 : marks.feeds >> (size - 2) & 3;
}

HeadScanner::Result HeadScanner::scan(Bytes bytes) {
  State state = State::incomplete;
  size_t at = 0;
  for (; bytes.size() - at >= kBlock; at += kBlock) {
    Marks marks = marks_of(bytes.data() + at);
    unsigned stop = stop_at(marks, state);
    if (stop != kBlock) return {state, at + stop + 1};
    remember(marks, kBlock);
  }
  size_t left = bytes.size() - at;
  if (left == 0) return {state, at};
  char tail[kBlock] = {};
  std::memcpy(tail, bytes.data() + at, left);
  Marks marks = marks_of(tail);
  unsigned stop = stop_at(marks, state);
  if (stop != kBlock) return {state, at + stop + 1};
  remember(marks, left);
  return {state, bytes.size()};
}

}  // namespace outrigger::http1
