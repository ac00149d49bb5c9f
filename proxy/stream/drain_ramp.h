// DrainRamp: listeners that are asked to drain go on accepting for a while; what comes over their
// connections meanwhile is answered with "connection: close" or GOAWAY: all of it at once, or ever
// more of it until the drain time is over, so that clients do not all come back at the same moment.
// Connections of listeners and filter chains that are gone end in the same way.
// Thread: begun by the main thread, asked by workers. Lifetime: the server's.
// Semantics: --drain-strategy and --drain-time-s of Envoy's command line.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace outrigger::stream {

class DrainRamp {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Before workers run.
  void configure(bool gradual, std::chrono::milliseconds drain_time) {
    gradual_ = gradual;
    drain_time_ = drain_time;
  }
  // Of all listeners, or of those of direction inbound. False: it has begun already.
  bool begin(bool inbound_only, Time now) {
    if (all_since_ != kNever || (inbound_only && inbound_since_ != kNever)) return false;
    (inbound_only ? inbound_since_ : all_since_) = now.time_since_epoch().count();
    return true;
  }
  // Does the connection of a request end with its response? `random()` gives any number.
  template <class Random>
  bool closes(bool inbound, Time now, Random random) const {
    Time::rep since = all_since_.load(std::memory_order_relaxed);
    if (since == kNever && inbound) since = inbound_since_.load(std::memory_order_relaxed);
    if (since == kNever) return false;
    return closes_since(Time(Time::duration(since)), now, random);
  }
  // The same of what drains by itself since then: a listener or a filter chain that is gone.
  template <class Random>
  bool closes_since(Time since, Time now, Random random) const {
    auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
    if (!gradual_ || elapsed >= drain_time_) return true;
    return random() % static_cast<uint64_t>(drain_time_.count()) <
           static_cast<uint64_t>(elapsed.count());
  }
  bool gradual() const { return gradual_; }

 private:
  static constexpr Time::rep kNever = std::numeric_limits<Time::rep>::min();

  bool gradual_ = true;
  std::chrono::milliseconds drain_time_{0};
  std::atomic<Time::rep> all_since_{kNever};
  std::atomic<Time::rep> inbound_since_{kNever};
};

}  // namespace outrigger::stream
