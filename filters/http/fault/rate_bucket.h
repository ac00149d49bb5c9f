// RateBucket: how many octets a rate lets pass by now. It fills steadily, holds a second's worth at
// most, and begins with one step's worth, so that the first octets do not come in a burst. Thread:
// the stream's worker. Pure: the caller tells the time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "api/stream_info.h"

namespace outrigger::filters::fault {

class RateBucket {
 public:
  // How often a waiting response goes on.
  static constexpr std::chrono::milliseconds kStep{50};

  RateBucket(uint64_t kib_per_second, MonotonicTime now)
      : octets_per_second_(static_cast<double>(kib_per_second) * 1024),
        octets_(octets_per_second_ * static_cast<double>(kStep.count()) / 1000),
        filled_(now) {}

  // Takes what there is, up to `wanted`.
  size_t take(size_t wanted, MonotonicTime now) {
    fill(now);
    // Compared as doubles: a rate may exceed what an integer holds.
    size_t taken = octets_ >= static_cast<double>(wanted) ? wanted : static_cast<size_t>(octets_);
    octets_ -= static_cast<double>(taken);
    return taken;
  }
  bool has(size_t wanted, MonotonicTime now) {
    fill(now);
    return octets_ >= static_cast<double>(wanted);
  }

 private:
  void fill(MonotonicTime now) {
    double seconds = std::chrono::duration<double>(now - filled_).count();
    octets_ = std::min(octets_ + seconds * octets_per_second_, octets_per_second_);
    filled_ = now;
  }

  double octets_per_second_;
  double octets_;
  MonotonicTime filled_;
};

}  // namespace outrigger::filters::fault
