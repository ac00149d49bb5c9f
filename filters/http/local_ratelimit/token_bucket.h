// TokenBucket: so many requests at once, and so many more in each interval, spread over it evenly.
// Shared by all workers, without a lock: the only state is the moment at which the bucket would
// have been empty. Thread: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace outrigger::filters::http_local_ratelimit {

struct BucketSettings {
  uint32_t max_tokens = 1;
  uint32_t tokens_per_fill = 1;
  std::chrono::nanoseconds fill_interval{0};
};

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit TokenBucket(const BucketSettings& settings)
      : max_tokens_(settings.max_tokens),
        per_nanosecond_(static_cast<double>(settings.tokens_per_fill) /
                        static_cast<double>(settings.fill_interval.count())) {}

  // False: there are not that many; none is taken then.
  bool take(uint64_t tokens, Time now);
  double available(Time now) const;
  uint32_t max_tokens() const { return max_tokens_; }
  double tokens_per_second() const { return per_nanosecond_ * 1e9; }
  // Until there is one token; whole seconds, rounded up.
  uint64_t seconds_to_next(Time now) const;

 private:
  double tokens_at(double now, double empty) const;

  uint32_t max_tokens_;
  double per_nanosecond_;
  // Nanoseconds of the clock. In the beginning the bucket has been filling for ever.
  std::atomic<double> empty_at_{-1e300};
};

}  // namespace outrigger::filters::http_local_ratelimit
