// HeadReader: collects one head (or trailer section) and copies it once, whole, into the stream's
// arena. Lifetime: the codec's. Holds memory only while a head is incomplete.
#pragma once

#include <cstddef>
#include <string>

#include "api/arena.h"
#include "api/bytes.h"
#include "proxy/http1/head_scanner.h"

namespace outrigger::http1 {

class HeadReader {
 public:
  enum class State {
    incomplete,
    complete,
    bad,
    too_large
  };
  struct Result {
    State state;
    size_t consumed;
    char* head = nullptr;  // complete: in the arena, followed by kScanSlack NULs
    size_t size = 0;
  };

  Result read(Bytes bytes, Arena& arena, size_t max_bytes);
  // What is collected of an incomplete head.
  Bytes pending() const { return pending_; }
  void reset();

 private:
  Result complete(Bytes last_part, Arena& arena);

  HeadScanner scanner_;
  std::string pending_;
};

}  // namespace outrigger::http1
