// Backoff: how long to wait before the next try: a random part of an interval that doubles, so that
// the proxies of a mesh do not come back to their management server together. Thread: main.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace outrigger::xds {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  Backoff(Duration base, Duration max) : base_(base), max_(std::max(base, max)), interval_(base) {}

  Duration next(uint64_t random) {
    auto range = static_cast<uint64_t>(std::max<int64_t>(interval_.count(), 1));
    interval_ = std::min(interval_ * 2, max_);
    return Duration(static_cast<int64_t>(random % range));
  }
  void reset() { interval_ = base_; }

 private:
  Duration base_, max_, interval_;
};

}  // namespace outrigger::xds
