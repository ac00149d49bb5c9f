// Shares of priorities, by the tables of Envoy's documentation.
#include "proxy/upstream/priority_loads.h"

#include <gtest/gtest.h>

namespace outrigger::upstream {
namespace {

using Shares = std::vector<uint32_t>;

PriorityHealth of_hundred(size_t healthy, size_t degraded = 0) {
  return {100, 100, healthy, degraded};
}

PriorityLoads loads(std::vector<PriorityHealth> priorities, double panic = 50) {
  return share_out(priorities, panic);
}

TEST(PriorityLoads, EachPriorityTakesWhatTheOnesBeforeItCannot) {
  EXPECT_EQ(loads({of_hundred(100), of_hundred(100)}).healthy, Shares({100, 0}));
  EXPECT_EQ(loads({of_hundred(72), of_hundred(100)}).healthy, Shares({100, 0}));
  EXPECT_EQ(loads({of_hundred(71), of_hundred(100)}).healthy, Shares({99, 1}));
  EXPECT_EQ(loads({of_hundred(25), of_hundred(50), of_hundred(100)}).healthy, Shares({35, 65, 0}));
  EXPECT_EQ(loads({of_hundred(0), of_hundred(0), of_hundred(100)}).healthy, Shares({0, 0, 100}));
}

TEST(PriorityLoads, TogetherTooFewShareByWhatTheyHave) {
  EXPECT_EQ(loads({of_hundred(25), of_hundred(25)}, 0).healthy, Shares({50, 50}));
}

TEST(PriorityLoads, DegradedHostsTakeWhatHealthyOnesLeave) {
  PriorityLoads both = loads({of_hundred(50, 50)});
  EXPECT_EQ(both.healthy, Shares({70}));
  EXPECT_EQ(both.degraded, Shares({30}));
  PriorityLoads next = loads({of_hundred(0, 100), of_hundred(50)});
  EXPECT_EQ(next.healthy, Shares({0, 70}));
  EXPECT_EQ(next.degraded, Shares({30, 0}));
}

TEST(PriorityLoads, InPanicTheSizeCounts) {
  PriorityLoads none = loads({{1, 1, 0, 0}, {3, 3, 0, 0}});
  EXPECT_EQ(none.healthy, Shares({25, 75}));
  EXPECT_EQ(loads({of_hundred(10), of_hundred(10)}).healthy, Shares({50, 50}));
}

TEST(PriorityLoads, PanicIsOfEachPriorityForItself) {
  EXPECT_EQ(loads({{5, 5, 1, 0}, {4, 4, 2, 0}}).panic, std::vector<bool>({true, false}));
  // All together are enough.
  EXPECT_EQ(loads({of_hundred(1), of_hundred(100)}).panic, std::vector<bool>({false, false}));
  EXPECT_EQ(loads({{0, 0, 0, 0}, of_hundred(10)}).panic, std::vector<bool>({false, true}));
  EXPECT_EQ(loads({of_hundred(10)}, 0).panic, std::vector<bool>({false}));
}

TEST(PriorityLoads, EachClusterHasItsOwnOverprovisioning) {
  EXPECT_EQ(loads({{100, 100, 50, 0, 100}, of_hundred(100)}).healthy, Shares({50, 50}));
  EXPECT_EQ(loads({{100, 100, 50, 0, 200}, of_hundred(100)}).healthy, Shares({100, 0}));
}

TEST(PriorityLoads, OfHostsThatNothingIsKnownOfNobodyAsks) {
  EXPECT_EQ(loads({{4, 1, 1, 0}, of_hundred(100)}).healthy, Shares({100, 0}));
  EXPECT_EQ(loads({{4, 0, 0, 0}, of_hundred(100)}).healthy, Shares({0, 100}));
}

TEST(PriorityLoads, WithoutThoseThatWereTried) {
  std::vector<PriorityHealth> all{of_hundred(100), of_hundred(50), of_hundred(100)};
  EXPECT_EQ(share_out_without(all, Shares({})), Shares({100, 0, 0}));
  EXPECT_EQ(share_out_without(all, Shares({0})), Shares({0, 70, 30}));
  EXPECT_EQ(share_out_without(all, Shares({0, 2})), Shares({0, 100, 0}));
  EXPECT_EQ(share_out_without(all, Shares({0, 1, 2})), Shares({}));
}

TEST(PriorityLoads, EachDrawHasItsPriority) {
  PriorityLoads shares{{60, 10}, {0, 30}};
  EXPECT_EQ(choose_priority(shares, 59)->priority, 0u);
  EXPECT_EQ(choose_priority(shares, 60)->priority, 1u);
  EXPECT_FALSE(choose_priority(shares, 69)->degraded);
  EXPECT_EQ(choose_priority(shares, 70)->priority, 1u);
  EXPECT_TRUE(choose_priority(shares, 99)->degraded);
  EXPECT_EQ(choose_share(shares.healthy, 69), 1u);
  EXPECT_FALSE(choose_share(shares.healthy, 70));
  EXPECT_FALSE(choose_priority({{0}, {0}}, 0));
  EXPECT_FALSE(choose_priority({}, 0));
}

}  // namespace
}  // namespace outrigger::upstream
