// TokenBucket: how many requests may go to a management server, and when the next one. Thread:
// main. Semantics: envoy.config.core.v3.RateLimitSettings
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "xds/protocol/clock.h"

namespace outrigger::xds {

class TokenBucket {
 public:
  TokenBucket(double max_tokens, double per_second, Clock::Time now)
      : max_(max_tokens), per_second_(per_second), tokens_(max_tokens), filled_at_(now) {}

  bool take(Clock::Time now) {
    std::chrono::duration<double> passed = now - filled_at_;
    filled_at_ = now;
    tokens_ = std::min(max_, tokens_ + passed.count() * per_second_);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  // Until take() succeeds, if nobody takes in between.
  std::chrono::milliseconds wait() const {
    double seconds = std::max(0.0, 1 - tokens_) / per_second_;
    // A rate of once in a million years is as good as this.
    constexpr double kLongest = 1e6;
    return std::chrono::milliseconds(
        static_cast<int64_t>(std::ceil(std::min(seconds, kLongest) * 1000)));
  }

 private:
  double max_, per_second_, tokens_;
  Clock::Time filled_at_;
};

}  // namespace outrigger::xds
