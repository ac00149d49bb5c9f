#include "proxy/runtime/timer_wheel.h"

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace outrigger::runtime {
namespace {

using std::chrono::milliseconds;

struct Alarm {
  explicit Alarm(TimerWheel& wheel) : timer(wheel, Timer::call<&Alarm::ring, Alarm>(), this) {}
  void ring() {
    ++rings;
    if (then) then();
  }
  Timer timer;
  int rings = 0;
  std::function<void()> then;
};

class TimerWheelTest : public testing::Test {
 protected:
  void pass(milliseconds time) { wheel.advance(now += time); }

  MonotonicTime now{};
  TimerWheel wheel{now};
};

TEST_F(TimerWheelTest, FiresOnceAndNotBeforeItsTime) {
  Alarm alarm(wheel);
  alarm.timer.start(milliseconds(10));
  pass(milliseconds(9));
  EXPECT_EQ(alarm.rings, 0);
  pass(milliseconds(2));
  EXPECT_EQ(alarm.rings, 1);
  pass(milliseconds(1000));
  EXPECT_EQ(alarm.rings, 1);
  EXPECT_FALSE(alarm.timer.armed());
}

TEST_F(TimerWheelTest, AStartReplacesTheEarlierOne) {
  Alarm alarm(wheel);
  alarm.timer.start(milliseconds(10));
  alarm.timer.start(milliseconds(300));
  pass(milliseconds(200));
  EXPECT_EQ(alarm.rings, 0);
  pass(milliseconds(101));
  EXPECT_EQ(alarm.rings, 1);
}

TEST_F(TimerWheelTest, ACancelledOrDestroyedTimerStaysSilent) {
  Alarm cancelled(wheel);
  auto destroyed = std::make_unique<Alarm>(wheel);
  cancelled.timer.start(milliseconds(5));
  destroyed->timer.start(milliseconds(5));
  cancelled.timer.cancel();
  destroyed.reset();
  pass(milliseconds(10));
  EXPECT_EQ(cancelled.rings, 0);
  EXPECT_EQ(wheel.armed(), 0u);
  EXPECT_FALSE(wheel.next_delay().has_value());
}

TEST_F(TimerWheelTest, ACallbackMayStartItselfAgainAndCancelItsNeighbour) {
  Alarm first(wheel);
  Alarm second(wheel);
  first.timer.start(milliseconds(5));
  second.timer.start(milliseconds(5));
  first.then = [&] {
    second.timer.cancel();
    if (first.rings < 3) first.timer.start(milliseconds(5));
  };
  for (int i = 0; i < 40; ++i) pass(milliseconds(1));
  EXPECT_EQ(first.rings, 3);
  EXPECT_EQ(second.rings, 0);
}

TEST_F(TimerWheelTest, HoursAndDaysAreKept) {
  Alarm hour(wheel);
  Alarm week(wheel);
  hour.timer.start(std::chrono::hours(1));
  week.timer.start(std::chrono::hours(24 * 7));
  pass(std::chrono::hours(1) - milliseconds(1));
  EXPECT_EQ(hour.rings, 0);
  pass(milliseconds(2));
  EXPECT_EQ(hour.rings, 1);
  pass(std::chrono::hours(24 * 7 - 1) - milliseconds(2));
  EXPECT_EQ(week.rings, 0);
  pass(milliseconds(2));
  EXPECT_EQ(week.rings, 1);
}

// Whoever sleeps for next_delay() and advances never wakes late, and wakes seldom.
TEST_F(TimerWheelTest, NextDelayLeadsToEveryTimerOnTime) {
  std::mt19937 random(7);
  struct Due {
    std::unique_ptr<Alarm> alarm;
    MonotonicTime at;
  };
  std::vector<Due> all;
  for (int i = 0; i < 500; ++i) {
    milliseconds delay(1 + random() % (i % 3 == 0 ? 300 : i % 3 == 1 ? 70'000 : 400'000));
    auto alarm = std::make_unique<Alarm>(wheel);
    alarm->timer.start(delay);
    MonotonicTime at = now + delay;
    alarm->then = [this, at] {
      EXPECT_GE(now, at);
      EXPECT_LE(now, at + milliseconds(1));
    };
    all.push_back({std::move(alarm), at});
  }
  int wakes = 0;
  while (auto delay = wheel.next_delay()) {
    pass(*delay);
    ++wakes;
  }
  for (const Due& due : all) EXPECT_EQ(due.alarm->rings, 1);
  EXPECT_LT(wakes, 500 + 400'000 / 256 + 10);
}

}  // namespace
}  // namespace outrigger::runtime
