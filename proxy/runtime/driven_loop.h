// DrivenLoop: a loop that somebody else's loop drives: it tells when a turn is due, and takes one
// without waiting. Thread: its driver's; post() from any. Lifetime: as any loop. run() is not used.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "proxy/runtime/loop.h"

namespace outrigger::runtime {

class DrivenLoop : public Loop {
 public:
  // Readable (level-triggered) as long as a turn would find events.
  virtual int descriptor() const = 0;
  // One turn of at most a batch of events; never waits.
  virtual void take_turn() = 0;
  // When the next turn is due although nothing happens; zero: at once; nullopt: never.
  virtual std::optional<std::chrono::milliseconds> next_turn() const = 0;
  // Before a call into the loop's objects from outside a turn: timers count from now on.
  virtual void update_time() = 0;

 protected:
  using Loop::Loop;
};

std::unique_ptr<DrivenLoop> make_driven_epoll_loop();

}  // namespace outrigger::runtime
