// HealthCheckCache: what the last health check was answered, for a while, for all workers of one
// filter: a fleet of health checkers costs the upstream one request per cache_time. Thread: any;
// one atomic word. Lifetime: the filter factory's.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "api/stream_info.h"

namespace outrigger::filters::health_check {

struct CachedAnswer {
  int code = 200;
  bool degraded = false;
};

class HealthCheckCache {
 public:
  // 0: keeps nothing.
  explicit HealthCheckCache(std::chrono::milliseconds keep) : keep_(keep) {}

  bool enabled() const { return keep_.count() > 0; }

  std::optional<CachedAnswer> get(MonotonicTime now) const {
    uint64_t word = word_.load(std::memory_order_relaxed);
    if (word == 0 || milliseconds(now) >= word >> kAnswerBits) return std::nullopt;
    return CachedAnswer{static_cast<int>(word & kCodeMask), (word & kDegraded) != 0};
  }
  void put(const CachedAnswer& answer, MonotonicTime now) {
    if (!enabled()) return;
    uint64_t until = milliseconds(now) + static_cast<uint64_t>(keep_.count());
    word_.store(until << kAnswerBits | (answer.degraded ? kDegraded : 0) |
                    (static_cast<uint64_t>(answer.code) & kCodeMask),
                std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned kAnswerBits = 11;
  static constexpr uint64_t kDegraded = 1u << 10;
  static constexpr uint64_t kCodeMask = kDegraded - 1;

  static uint64_t milliseconds(MonotonicTime time) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
  }

  std::chrono::milliseconds keep_;
  std::atomic<uint64_t> word_{0};  // until when (ms), degraded, code; 0: nothing yet
};

}  // namespace outrigger::filters::health_check
