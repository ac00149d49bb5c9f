// HttpDate: the value of a Date header (RFC 9110, IMF-fixdate), made once a second.
// Thread: one worker. Lifetime: the worker's.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "api/stream_info.h"

namespace outrigger::observe {

class HttpDate {
 public:
  // "Sun, 06 Nov 1994 08:49:37 GMT". The view's text changes with the next call of another second:
  // what is to outlive this turn of the loop is copied.
  std::string_view at(SystemTime now);

 private:
  static constexpr size_t kLength = 29;

  int64_t second_ = std::numeric_limits<int64_t>::min();
  char text_[kLength];
};

}  // namespace outrigger::observe
