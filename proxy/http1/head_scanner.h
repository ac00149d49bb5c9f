// HeadScanner: finds the empty line that ends a head or a trailer section, over any split of its
// octets, each octet seen once. A line feed without a carriage return before it ends the scan at
// once: it must not wait for a limit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "api/bytes.h"

namespace outrigger::http1 {

class HeadScanner {
 public:
  enum class State {
    incomplete,
    complete,
    bad
  };
  struct Result {
    State state;
    size_t size;  // complete: how many of the octets of this call belong to it, its empty line
                  // included
  };

  // `bytes` follow those of the calls before.
  Result scan(Bytes bytes);
  void reset() { *this = HeadScanner(); }

 private:
  // Of 64 octets, or fewer: where line feeds and carriage returns are, the first octet's in bit 0.
  struct Marks {
    uint64_t feeds;
    uint64_t returns;
  };
  static Marks marks_of(const char* octets);
  // Octet that ends the scan: complete or bad. 64: none.
  unsigned stop_at(Marks marks, State& state) const;
  void remember(Marks marks, size_t size);

  // What lies before the next octet, as marks: a section begins as if after an empty line's end.
  uint64_t return_before_ = 0;  // bit 0: the last octet was a carriage return
  uint64_t feeds_before_ = 2;   // bit 1: the last octet was a line feed; bit 0: the one before it
};

}  // namespace outrigger::http1
