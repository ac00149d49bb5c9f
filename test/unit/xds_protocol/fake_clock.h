// A clock that goes on when a test says so. What is due at the same time happens in order.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "xds/protocol/clock.h"

namespace outrigger::xds {

class FakeClock final : public Clock {
 public:
  Time now() const override { return now_; }
  std::chrono::system_clock::time_point wall_time() const override {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'000)) +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_ - Time());
  }
  std::unique_ptr<Alarm> after(std::chrono::milliseconds delay,
                               std::function<void()> act) override {
    std::pair<Time, uint64_t> key(now_ + delay, next_++);
    waiting_.emplace(key, std::move(act));
    return std::make_unique<Waiting>(*this, key);
  }
  uint64_t random() override { return random_; }

  // Everything that is due until then, and what becomes due by it.
  void advance(std::chrono::milliseconds by) {
    Time until = now_ + by;
    while (!waiting_.empty() && waiting_.begin()->first.first <= until) {
      auto one = waiting_.extract(waiting_.begin());
      now_ = one.key().first;
      one.mapped()();
    }
    now_ = until;
  }
  void turn() { advance(std::chrono::milliseconds(0)); }
  void set_random(uint64_t value) { random_ = value; }

 private:
  struct Waiting final : Alarm {
    Waiting(FakeClock& a_clock, std::pair<Time, uint64_t> a_key) : clock(a_clock), key(a_key) {}
    ~Waiting() override { clock.waiting_.erase(key); }
    FakeClock& clock;
    std::pair<Time, uint64_t> key;
  };

  Time now_{std::chrono::hours(1)};
  uint64_t next_ = 0;
  uint64_t random_ = 0;
  std::map<std::pair<Time, uint64_t>, std::function<void()>> waiting_;
};

}  // namespace outrigger::xds
