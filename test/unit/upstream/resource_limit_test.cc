#include "proxy/upstream/resource_limit.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace outrigger::upstream {
namespace {

TEST(ResourceLimit, GivesExactlyAsManyAsItHas) {
  std::atomic<uint32_t> used{0};
  ResourceLimit limit(used, 2);
  EXPECT_TRUE(limit.try_take());
  EXPECT_FALSE(limit.reached());
  EXPECT_TRUE(limit.try_take());
  EXPECT_TRUE(limit.reached());
  EXPECT_FALSE(limit.try_take());
  EXPECT_EQ(limit.used(), 2u) << "a refusal takes nothing";
  limit.give();
  EXPECT_FALSE(limit.reached());
  EXPECT_TRUE(limit.try_take());
}

TEST(ResourceLimit, OfZeroIsAlwaysReached) {
  std::atomic<uint32_t> used{0};
  ResourceLimit limit(used, 0);
  EXPECT_TRUE(limit.reached());
  EXPECT_FALSE(limit.try_take());
  EXPECT_EQ(limit.used(), 0u);
}

TEST(ResourceLimit, MayBePassedByWhatMustGoOn) {
  std::atomic<uint32_t> used{0};
  ResourceLimit limit(used, 1);
  limit.take();
  limit.take();
  EXPECT_EQ(limit.used(), 2u);
  limit.give();
  EXPECT_TRUE(limit.reached());
  EXPECT_FALSE(limit.try_take());
}

TEST(ResourceLimit, IsSharedByTheWorkers) {
  std::atomic<uint32_t> used{0};
  ResourceLimit one(used, 1);
  ResourceLimit other(used, 1);
  EXPECT_TRUE(one.try_take());
  EXPECT_FALSE(other.try_take());
  one.give();
  EXPECT_TRUE(other.try_take());
}

TEST(ResourceLimit, HoldsWhenManyThreadsTakeAtOnce) {
  constexpr uint32_t kLimit = 1000;
  constexpr unsigned kTries = 1000;
  std::atomic<uint32_t> used{0};
  std::atomic<uint32_t> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      ResourceLimit limit(used, kLimit);
      for (unsigned i = 0; i < kTries; ++i) {
        if (limit.try_take()) taken.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), kLimit);
  EXPECT_EQ(used.load(), kLimit);
}

}  // namespace
}  // namespace outrigger::upstream
