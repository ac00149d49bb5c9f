// Weights are exact in distribution, and a change of them moves only what it must.
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/route/weighted.h"
#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

config::ForwardAction weights_of(const std::vector<uint32_t>& weights) {
  config::ForwardAction action;
  for (size_t i = 0; i < weights.size(); ++i) {
    config::WeightedCluster cluster;
    cluster.cluster.name = std::string(1, static_cast<char>('a' + i));
    cluster.cluster.slot = static_cast<uint32_t>(i);
    cluster.weight = weights[i];
    action.weighted.push_back(cluster);
    action.total_weight += weights[i];
  }
  return action;
}

// Pearson's statistic of 100,000 requests against what the weights promise.
double chi_square(const std::vector<uint32_t>& weights) {
  constexpr int kRequests = 100'000;
  config::ForwardAction action = weights_of(weights);
  TestMessage request{};
  std::mt19937_64 random(20'240'229);  // the same numbers in every run
  std::vector<double> seen(weights.size(), 0);
  for (int i = 0; i < kRequests; ++i) ++seen[choose_cluster(action, request.input(random())).slot];
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    double expected =
        static_cast<double>(kRequests) * weights[i] / static_cast<double>(action.total_weight);
    if (expected > 0) sum += (seen[i] - expected) * (seen[i] - expected) / expected;
    if (weights[i] == 0) {
      EXPECT_EQ(seen[i], 0);
    }
  }
  return sum;
}

// The bounds are those that a true distribution exceeds once in a thousand (p = 0.001).
TEST(WeightedShift, IsExactInDistributionOverAHundredThousandRequests) {
  EXPECT_LT(chi_square({80, 20}), 10.828);
  EXPECT_LT(chi_square({50, 50}), 10.828);
  EXPECT_LT(chi_square({99, 1}), 10.828);
  EXPECT_LT(chi_square({1, 2, 3, 94}), 16.266);
  EXPECT_LT(chi_square({7, 0, 13, 29}), 13.816);
  EXPECT_LT(chi_square({1'000'003, 2'000'029}), 10.828);
}

// Each step of a canary takes requests from the stable cluster and gives none back to it.
TEST(WeightedShift, AChangeMovesOnlyTheDifference) {
  TestMessage request{};
  uint32_t before = 0;
  for (uint32_t canary : {20u, 40u, 60u, 80u, 100u}) {
    config::ForwardAction old_weights = weights_of({100 - before, before});
    config::ForwardAction new_weights = weights_of({100 - canary, canary});
    int moved = 0;
    for (uint64_t number = 0; number < 1000; ++number) {
      uint32_t was = choose_cluster(old_weights, request.input(number)).slot;
      uint32_t is = choose_cluster(new_weights, request.input(number)).slot;
      if (was == is) continue;
      EXPECT_EQ(was, 0u);
      ++moved;
    }
    EXPECT_EQ(moved, static_cast<int>(10 * (canary - before)));
    before = canary;
  }
}

}  // namespace
}  // namespace outrigger::route
