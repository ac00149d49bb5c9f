// Clock: the time, and things to do later, so that a test needs no time of its own. Thread: main.
// Lifetime: the process's; an Alarm that is destroyed calls nobody.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace outrigger::xds {

class Clock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  class Alarm {
   public:
    virtual ~Alarm() = default;
  };
  virtual ~Clock() = default;

  virtual Time now() const = 0;
  virtual std::chrono::system_clock::time_point wall_time() const = 0;
  // `act` is called once, never from inside the call: after zero, at the end of the turn.
  virtual std::unique_ptr<Alarm> after(std::chrono::milliseconds delay,
                                       std::function<void()> act) = 0;
  // Any number, for jitter.
  virtual uint64_t random() = 0;
};

}  // namespace outrigger::xds
