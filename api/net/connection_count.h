// ConnectionCount: how many connections are open, for the limits of a listener and of the process
// and for the balance between workers. CountedConnection: counts one connection as long as it
// lives. Thread: any; a connection is counted on its worker's count. Lifetime: a count outlives its
// connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace outrigger::net {

struct alignas(64) ConnectionCount {  // a cache line each: workers count without meeting
  std::atomic<int64_t> open{0};
  ConnectionCount* total = nullptr;  // counts the same connections; nullptr: nobody does

  void add(int64_t n) {
    open.fetch_add(n, std::memory_order_relaxed);
    if (total != nullptr) total->add(n);
  }
  int64_t value() const { return open.load(std::memory_order_relaxed); }
};

class CountedConnection {
 public:
  CountedConnection() = default;
  explicit CountedConnection(ConnectionCount& count) : count_(&count) { count.add(1); }
  // Takes over what was counted already.
  static CountedConnection adopt(ConnectionCount& count) {
    CountedConnection result;
    result.count_ = &count;
    return result;
  }
  CountedConnection(CountedConnection&& other) noexcept
      : count_(std::exchange(other.count_, nullptr)) {}
  CountedConnection& operator=(CountedConnection&& other) noexcept {
    std::swap(count_, other.count_);
    return *this;
  }
  ~CountedConnection() {
    if (count_ != nullptr) count_->add(-1);
  }

 private:
  ConnectionCount* count_ = nullptr;
};

}  // namespace outrigger::net
