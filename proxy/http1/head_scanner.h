// HeadScanner: finds the empty line that ends a head or a trailer section, over any split of its
// octets, each octet seen once. A line feed without a carriage return before it ends the scan at
// once: it must not wait for a limit.
#pragma once

#include <cstddef>

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
    size_t size;  // complete: how many of the octets of this call belong to the head, its empty
                  // line included
  };

  // `bytes` follow those of the calls before.
  Result scan(Bytes bytes);
  void reset() { *this = HeadScanner(); }

 private:
  size_t line_ = 0;   // octets of the unfinished line in earlier calls
  char last_ = '\0';  // the last octet of the call before
};

}  // namespace outrigger::http1
