#include <chrono>

#include <gtest/gtest.h>

#include "proxy/runtime/timer_wheel.h"

namespace outrigger::runtime {
namespace {

using std::chrono::milliseconds;

// Sleeps as the loop does, until the first timer fired; returns how long that took.
milliseconds run_until_fired(TimerWheel& wheel, MonotonicTime now, const int& fired) {
  MonotonicTime begin = now;
  while (fired == 0 && now - begin < std::chrono::hours(1)) {
    now += *wheel.next_delay();
    wheel.advance(now);
  }
  return std::chrono::duration_cast<milliseconds>(now - begin);
}

TEST(TimerWheelDelay, AShortTimerBeyondTheEndOfATurnIsNotSleptOver) {
  // A turn of the finest level is 256 ms: starts before and after its end, and delays across it.
  for (int start : {0, 1, 200, 254, 255, 256, 300, 65'500}) {
    for (int delay : {0, 1, 49, 50, 60, 199, 254, 255, 256, 257, 511, 70'000}) {
      MonotonicTime now{std::chrono::hours(1)};
      TimerWheel wheel(now);
      now += milliseconds(start);
      wheel.advance(now);
      int fired = 0;
      auto count = [](void* counter) { ++*static_cast<int*>(counter); };
      Timer far(wheel, count, &fired);
      Timer near(wheel, count, &fired);
      far.start(milliseconds(300'000));
      near.start(milliseconds(delay));
      milliseconds took = run_until_fired(wheel, now, fired);
      EXPECT_GE(took, milliseconds(delay)) << "started at " << start;
      EXPECT_LE(took, milliseconds(delay + 1)) << "started at " << start;
    }
  }
}

}  // namespace
}  // namespace outrigger::runtime
