// TimeText: times as text by a format. What changes once a second is made once a second; only
// fractions are filled in. Formats: strftime's, and %s (seconds since 1970), %f (nanoseconds),
// %1f..%9f (that many digits of the second's fraction). Thread: one worker. Lifetime: the worker's,
// or a call's.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "api/stream_info.h"

namespace outrigger::observe {

class TimeText {
 public:
  enum class Zone : uint8_t {
    utc,
    local
  };

  // An empty format is "2016-04-15T20:17:00.310Z". The view is valid until the next call.
  std::string_view text(std::string_view format, Zone zone, SystemTime time);

 private:
  struct Fraction {
    size_t at;
    size_t digits;
  };
  struct Entry {
    std::string format;
    Zone zone = Zone::utc;
    int64_t second = std::numeric_limits<int64_t>::min();
    std::string text;
    std::vector<Fraction> fractions;
  };
  static constexpr size_t kEntries = 4;  // formats in use at once; a fifth replaces the oldest

  Entry& entry(std::string_view format, Zone zone);
  static void fill(Entry& entry, int64_t second);

  std::array<Entry, kEntries> entries_;
  size_t oldest_ = 0;
};

}  // namespace outrigger::observe
