// Priorities, overprovisioning, degraded hosts and panic, by the tables of Envoy's documentation.
#include <algorithm>

#include <gtest/gtest.h>

#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

class Priorities : public ::testing::Test {
 protected:
  struct Share {
    std::vector<unsigned> by_priority;  // of a hundred requests
    unsigned panics = 0;
    unsigned refused = 0;  // no host could be picked
  };

  // Every draw of the priority exactly once.
  Share share(const std::vector<std::vector<Host*>>& priorities) {
    LoadBalancer balancer(cluster_, test::priorities(priorities), 0);
    Share result{std::vector<unsigned>(priorities.size()), 0, 0};
    for (uint64_t draw = 0; draw < 100; ++draw) {
      bool panic = false;
      Host* host = balancer.pick(draw << 40, panic);
      if (panic) ++result.panics;
      if (host == nullptr) ++result.refused;
      for (size_t i = 0; i < priorities.size(); ++i) {
        if (std::find(priorities[i].begin(), priorities[i].end(), host) != priorities[i].end())
          ++result.by_priority[i];
      }
    }
    return result;
  }
  using Shares = std::vector<unsigned>;

  config::Cluster cluster_;
  Hosts made_;
};

TEST_F(Priorities, TheFirstTakesAllWhileItIsHealthyEnough) {
  Hosts& h = made_;
  EXPECT_EQ(share({h.in_state(100, 0), h.in_state(100, 0)}).by_priority, Shares({100, 0}));
  EXPECT_EQ(share({h.in_state(72, 28), h.in_state(100, 0)}).by_priority, Shares({100, 0}));
}

TEST_F(Priorities, WhatTheFirstCannotTakeGoesToTheNext) {
  Hosts& h = made_;
  EXPECT_EQ(share({h.in_state(71, 29), h.in_state(100, 0)}).by_priority, Shares({99, 1}));
  EXPECT_EQ(share({h.in_state(50, 50), h.in_state(100, 0)}).by_priority, Shares({70, 30}));
  EXPECT_EQ(share({h.in_state(25, 75), h.in_state(100, 0)}).by_priority, Shares({35, 65}));
  EXPECT_EQ(share({h.in_state(0, 100), h.in_state(100, 0)}).by_priority, Shares({0, 100}));
}

TEST_F(Priorities, HostsOfWhichNothingIsKnownAreNotCounted) {
  Hosts& h = made_;
  auto first = h.in_state(1, 3);
  for (size_t i = 1; i < first.size(); ++i) first[i]->excluded = true;
  EXPECT_EQ(share({first, h.in_state(100, 0)}).by_priority, Shares({100, 0}));
}

TEST_F(Priorities, PanicMayFailInstead) {
  cluster_.fail_traffic_on_panic = true;
  Share refused = share({made_.in_state(1, 9)});
  EXPECT_EQ(refused.refused, 100u);
  EXPECT_EQ(refused.panics, 100u);
}

TEST_F(Priorities, ThreeLevelsFillInOrder) {
  Hosts& h = made_;
  EXPECT_EQ(share({h.in_state(25, 75), h.in_state(25, 75), h.in_state(100, 0)}).by_priority,
            Shares({35, 35, 30}));
}

TEST_F(Priorities, TooFewHostsInAllAreTakenAsTheWhole) {
  cluster_.panic_threshold = 0;
  Hosts& h = made_;
  // 35 and 35 of 100 are there: they count as halves.
  Share found = share({h.in_state(25, 75), h.in_state(25, 75)});
  EXPECT_EQ(found.by_priority, Shares({50, 50}));
  EXPECT_EQ(found.panics, 0u);
}

TEST_F(Priorities, NoPanicWhileAllTogetherAreEnough) {
  Hosts& h = made_;
  Share found = share({h.in_state(1, 99), h.in_state(100, 0)});
  EXPECT_EQ(found.panics, 0u);
  EXPECT_EQ(found.by_priority, Shares({1, 99}));
}

TEST_F(Priorities, AnEmptyLevelIsPassedOver) {
  Hosts& h = made_;
  Share found = share({{}, h.in_state(2, 0)});
  EXPECT_EQ(found.by_priority, Shares({0, 100}));
  EXPECT_EQ(found.refused, 0u);
}

TEST_F(Priorities, DegradedHostsServeWhatHealthyOnesCannot) {
  cluster_.panic_threshold = 0;
  Hosts& h = made_;
  std::vector<Host*> hosts = h.in_state(1, 1, 2);  // 35 of 100 healthy, the degraded could take 70
  LoadBalancer balancer(cluster_, priorities({hosts}), 0);
  unsigned healthy = 0;
  unsigned degraded = 0;
  for (uint64_t draw = 0; draw < 100; ++draw) {
    bool panic = false;
    Host* host = balancer.pick(draw << 40, panic);
    ASSERT_NE(host, nullptr);
    if (host->endpoint->health == Health::healthy) ++healthy;
    if (host->endpoint->health == Health::degraded) ++degraded;
  }
  EXPECT_EQ(healthy, 35u);
  EXPECT_EQ(degraded, 65u);
}

TEST_F(Priorities, NoRequestIsLostByRoundingWhenAllAreDegraded) {
  cluster_.panic_threshold = 0;
  Hosts& h = made_;
  // 46 and 20 of 66 are 69 and 30 per cent: one is left over.
  Share found = share({h.in_state(0, 2, 1), h.in_state(0, 6, 1)});
  EXPECT_EQ(found.refused, 0u);
  EXPECT_EQ(found.by_priority, Shares({70, 30}));
}

TEST_F(Priorities, InPanicAllHostsServe) {
  Hosts& h = made_;
  std::vector<Host*> hosts = h.in_state(1, 3);
  LoadBalancer balancer(cluster_, priorities({hosts}), 0);
  Counts counts;
  unsigned panics = 0;
  for (uint64_t draw = 0; draw < 100; ++draw) {
    bool panic = false;
    ++counts[balancer.pick(draw << 40, panic)];
    if (panic) ++panics;
  }
  EXPECT_EQ(panics, 100u);
  for (const Host* host : hosts) EXPECT_EQ(counts[host], 25u);
}

TEST_F(Priorities, PanicBeginsBelowTheThreshold) {
  Hosts& h = made_;
  EXPECT_EQ(share({h.in_state(2, 2)}).panics, 0u);
  EXPECT_EQ(share({h.in_state(1, 2)}).panics, 100u);
  cluster_.panic_threshold = 10;
  EXPECT_EQ(share({h.in_state(1, 2)}).panics, 0u);
}

TEST_F(Priorities, DegradedHostsCountAgainstPanic) {
  Hosts& h = made_;
  EXPECT_EQ(share({h.in_state(1, 2, 1)}).panics, 0u);
}

TEST_F(Priorities, WithoutPanicAClusterOfSickHostsRefuses) {
  cluster_.panic_threshold = 0;
  Share found = share({made_.in_state(0, 3)});
  EXPECT_EQ(found.refused, 100u);
  EXPECT_EQ(found.panics, 0u);
}

// When every level panics, health says nothing any more: the load follows the number of hosts.
TEST_F(Priorities, InTotalPanicTheLoadFollowsTheNumberOfHosts) {
  Hosts& h = made_;
  Share found = share({h.in_state(0, 3), h.in_state(0, 1)});
  EXPECT_EQ(found.by_priority, Shares({75, 25}));
  EXPECT_EQ(found.panics, 100u);
  found = share({h.in_state(1, 4), h.in_state(0, 5)});
  EXPECT_EQ(found.by_priority, Shares({50, 50}));
  EXPECT_EQ(found.refused, 0u);
}

TEST_F(Priorities, PanicOfOneLevelOpensThatLevelOnly) {
  Hosts& h = made_;
  // 28 and 70 of 98: the first is below the threshold, the second is not.
  Share found = share({h.in_state(1, 4), h.in_state(2, 2)});
  EXPECT_EQ(found.by_priority, Shares({29, 71}));
  EXPECT_EQ(found.panics, 29u);
}

TEST_F(Priorities, AClusterWithoutHostsRefuses) {
  EXPECT_EQ(share({{}}).refused, 100u);
  EXPECT_EQ(share({}).refused, 100u);
}

TEST_F(Priorities, CountsHostsAndHealthyOnes) {
  Hosts& h = made_;
  LoadBalancer balancer(cluster_, priorities({h.in_state(2, 1, 1), h.in_state(1, 0)}), 0);
  EXPECT_EQ(balancer.host_count(), 5u);
  EXPECT_EQ(balancer.healthy_count(), 3u);
}

using Loads = std::vector<uint32_t>;

TEST_F(Priorities, SharesCanLeaveSomeOut) {
  Hosts& h = made_;
  LoadBalancer balancer(cluster_,
                        priorities({h.in_state(2, 0), h.in_state(1, 1), h.in_state(1, 0)}), 0);
  EXPECT_EQ(balancer.loads_without({}), (Loads{100, 0, 0}));
  EXPECT_EQ(balancer.loads_without({0}), (Loads{0, 70, 30}));
  EXPECT_EQ(balancer.loads_without({0, 1}), (Loads{0, 0, 100}));
  EXPECT_EQ(balancer.loads_without({0, 1, 2}), (Loads{}));
}

TEST_F(Priorities, AreChosenByTheSharesThatAreGiven) {
  Hosts& h = made_;
  LoadBalancer balancer(cluster_, priorities({h.in_state(2, 0), h.in_state(1, 0)}), 0);
  Loads loads{0, 100};
  for (uint64_t random = 0; random < 100; ++random) {
    bool panic = true;
    Host* host = balancer.pick(random << 40, panic, &loads);
    ASSERT_NE(host, nullptr);
    EXPECT_EQ(host->priority, 1u);
    EXPECT_FALSE(panic);
  }
}

}  // namespace
}  // namespace outrigger::upstream::test
