#include "filters/network/local_ratelimit/token_bucket.h"

#include <algorithm>

namespace outrigger::filters::local_ratelimit {

bool TokenBucket::take(Time now) {
  fill(now);
  uint32_t left = tokens_.load(std::memory_order_relaxed);
  while (left > 0) {
    if (tokens_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

// The intervals begin with the first connection.
void TokenBucket::fill(Time now) {
  int64_t time = std::chrono::nanoseconds(now.time_since_epoch()).count();
  int64_t filled = filled_.load(std::memory_order_relaxed);
  if (filled == 0 && filled_.compare_exchange_strong(filled, time, std::memory_order_relaxed))
    return;
  int64_t due = (time - filled) / settings_.fill_interval.count();
  if (due <= 0) return;
  int64_t until = filled + due * settings_.fill_interval.count();
  if (!filled_.compare_exchange_strong(filled, until, std::memory_order_relaxed)) return;
  uint64_t more = static_cast<uint64_t>(due) * settings_.tokens_per_fill;
  uint32_t have = tokens_.load(std::memory_order_relaxed);
  uint32_t want = 0;
  do {
    want = static_cast<uint32_t>(std::min<uint64_t>(have + more, settings_.max_tokens));
  } while (!tokens_.compare_exchange_weak(have, want, std::memory_order_relaxed));
}

}  // namespace outrigger::filters::local_ratelimit
