// Deadlines: any number of things to do at their times, with one alarm of the clock: every resource
// may have a TTL, every subscription a timeout. Thread: main. Lifetime: longer than its handles.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "xds/protocol/clock.h"

namespace outrigger::xds {

class Deadlines {
  using Key = std::pair<Clock::Time, uint64_t>;

 public:
  // Ends the wait when destroyed.
  class Handle {
   public:
    Handle() = default;
    Handle(Deadlines& owner, Key key) : owner_(&owner), key_(key) {}
    Handle(Handle&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), key_(other.key_) {}
    Handle& operator=(Handle&& other) noexcept {
      if (this == &other) return *this;
      cancel();
      owner_ = std::exchange(other.owner_, nullptr);
      key_ = other.key_;
      return *this;
    }
    ~Handle() { cancel(); }
    void cancel() {
      if (owner_ != nullptr) std::exchange(owner_, nullptr)->waiting_.erase(key_);
    }

   private:
    Deadlines* owner_ = nullptr;
    Key key_{};
  };

  explicit Deadlines(Clock& clock) : clock_(clock) {}
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // `act` is called once, never from inside the call.
  [[nodiscard]] Handle after(std::chrono::milliseconds delay, std::function<void()> act);

 private:
  void arm();
  void fire();

  Clock& clock_;
  std::map<Key, std::function<void()>> waiting_;
  uint64_t next_ = 0;
  std::unique_ptr<Clock::Alarm> alarm_;
  Clock::Time alarm_at_ = Clock::Time::max();  // max: none is set
};

}  // namespace outrigger::xds
