// TokenBucket: so many connections, and so many more with each interval. Shared by all workers,
// without a lock: the moment of the last fill is moved on by whoever finds it due. Thread: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace outrigger::filters::local_ratelimit {

struct BucketSettings {
  uint32_t max_tokens = 1;
  uint32_t tokens_per_fill = 1;
  std::chrono::nanoseconds fill_interval{0};
  bool operator==(const BucketSettings&) const = default;
};

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit TokenBucket(const BucketSettings& settings)
      : settings_(settings), tokens_(settings.max_tokens) {}

  // False: there is none.
  bool take(Time now);
  const BucketSettings& settings() const { return settings_; }

 private:
  void fill(Time now);

  BucketSettings settings_;
  std::atomic<uint32_t> tokens_;
  std::atomic<int64_t> filled_{0};  // nanoseconds of the clock; 0: the clock has not started
};

}  // namespace outrigger::filters::local_ratelimit
