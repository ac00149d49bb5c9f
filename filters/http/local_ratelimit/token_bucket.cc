#include "filters/http/local_ratelimit/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace outrigger::filters::http_local_ratelimit {
namespace {

double nanoseconds(TokenBucket::Time time) {
  return static_cast<double>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

}  // namespace

double TokenBucket::tokens_at(double now, double empty) const {
  return std::min(static_cast<double>(max_tokens_), (now - empty) * per_nanosecond_);
}

bool TokenBucket::take(uint64_t tokens, Time now) {
  double time = nanoseconds(now);
  double empty = empty_at_.load(std::memory_order_relaxed);
  double next = 0;
  do {
    double have = tokens_at(time, empty);
    // Sums of fractions are a hair below the whole.
    constexpr double kRounding = 1e-6;
    if (have + kRounding < static_cast<double>(tokens)) return false;
    next = time - (have - static_cast<double>(tokens)) / per_nanosecond_;
  } while (!empty_at_.compare_exchange_weak(empty, next, std::memory_order_relaxed));
  return true;
}

double TokenBucket::available(Time now) const {
  return std::max(0.0, tokens_at(nanoseconds(now), empty_at_.load(std::memory_order_relaxed)));
}

uint64_t TokenBucket::seconds_to_next(Time now) const {
  double have = available(now);
  if (have >= 1) return 0;
  return static_cast<uint64_t>(std::ceil((1 - have) / tokens_per_second()));
}

}  // namespace outrigger::filters::http_local_ratelimit
