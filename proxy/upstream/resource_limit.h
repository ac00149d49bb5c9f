// ResourceLimit: one circuit breaker's share of a resource (connections, pending requests,
// requests, retries, connection pools) of one cluster priority. Thread: any; the count is shared by
// all workers, so a limit holds exactly.
#pragma once

#include <atomic>
#include <cstdint>

namespace outrigger::upstream {

class ResourceLimit {
 public:
  ResourceLimit(std::atomic<uint32_t>& used, uint32_t limit) : used_(used), limit_(limit) {}

  // False, and nothing taken, when the limit is reached.
  bool try_take() { return try_take(limit_); }
  bool try_take(uint32_t limit) {
    if (used_.fetch_add(1, std::memory_order_relaxed) < limit) return true;
    used_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  // Takes without asking: for what must go on although the limit is reached.
  void take() { used_.fetch_add(1, std::memory_order_relaxed); }
  void give() { used_.fetch_sub(1, std::memory_order_relaxed); }
  bool reached() const { return used_.load(std::memory_order_relaxed) >= limit_; }
  uint32_t used() const { return used_.load(std::memory_order_relaxed); }
  uint32_t limit() const { return limit_; }
  uint32_t remaining() const {
    uint32_t taken = used();  // more than the limit, where what must go on took some
    return taken < limit_ ? limit_ - taken : 0;
  }

 private:
  std::atomic<uint32_t>& used_;
  uint32_t limit_;
};

struct ResourceLimits {
  ResourceLimit connections, pending, requests, retries, pools;
};

}  // namespace outrigger::upstream
