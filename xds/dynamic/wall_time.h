// The time of the day, for statistics that say when something happened. Thread: any.
#pragma once

#include <chrono>
#include <cstdint>

namespace outrigger::xds {

// Since 1970.
inline int64_t wall_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace outrigger::xds
