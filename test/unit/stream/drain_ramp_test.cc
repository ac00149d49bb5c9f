#include "proxy/stream/drain_ramp.h"

#include "gtest/gtest.h"

namespace outrigger::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const DrainRamp::Time kStart{seconds(1000)};

// The same number each time.
auto number(uint64_t value) {
  return [value] { return value; };
}

TEST(DrainRamp, ClosesNothingBeforeItBegins) {
  DrainRamp ramp;
  ramp.configure(false, seconds(10));
  EXPECT_FALSE(ramp.closes(true, kStart, number(0)));
}

TEST(DrainRamp, ImmediateClosesAllAtOnce) {
  DrainRamp ramp;
  ramp.configure(false, seconds(10));
  EXPECT_TRUE(ramp.begin(false, kStart));
  EXPECT_TRUE(ramp.closes(false, kStart, number(12345)));
  EXPECT_TRUE(ramp.closes(true, kStart, number(12345)));
}

TEST(DrainRamp, GradualClosesTheShareOfTheTimeThatHasPassed) {
  DrainRamp ramp;
  ramp.configure(true, seconds(10));
  ramp.begin(false, kStart);
  auto closed_of_100 = [&](milliseconds after) {
    int closed = 0;
    for (uint64_t i = 0; i < 100; ++i)
      closed += ramp.closes(false, kStart + after, number(i * 100));
    return closed;
  };
  EXPECT_EQ(closed_of_100(seconds(0)), 0);
  EXPECT_EQ(closed_of_100(seconds(3)), 30);
  EXPECT_EQ(closed_of_100(milliseconds(9999)), 100);
  EXPECT_EQ(closed_of_100(seconds(10)), 100);
  EXPECT_EQ(closed_of_100(seconds(100)), 100);
}

TEST(DrainRamp, WithoutATimeGradualIsImmediate) {
  DrainRamp ramp;
  ramp.configure(true, seconds(0));
  ramp.begin(false, kStart);
  EXPECT_TRUE(ramp.closes(false, kStart, number(0)));
}

TEST(DrainRamp, InboundOnlyLeavesTheOthers) {
  DrainRamp ramp;
  ramp.configure(false, seconds(10));
  EXPECT_TRUE(ramp.begin(true, kStart));
  EXPECT_FALSE(ramp.begin(true, kStart));
  EXPECT_TRUE(ramp.closes(true, kStart, number(0)));
  EXPECT_FALSE(ramp.closes(false, kStart, number(0)));
  EXPECT_TRUE(ramp.begin(false, kStart + seconds(1)));
  EXPECT_TRUE(ramp.closes(false, kStart + seconds(1), number(0)));
  EXPECT_FALSE(ramp.begin(true, kStart));
}

}  // namespace
}  // namespace outrigger::stream
