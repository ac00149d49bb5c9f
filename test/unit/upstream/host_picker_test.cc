#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include "test/unit/support/fake_loop.h"
#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

using Balancer = config::Cluster::Balancer;

config::Cluster policy(Balancer balancer) {
  config::Cluster cluster;
  cluster.balancer = balancer;
  return cluster;
}

Counts pick(HostPicker& picker, unsigned times, Dice& dice) {
  Counts counts;
  for (unsigned i = 0; i < times; ++i) ++counts[picker.pick(dice.next())];
  return counts;
}

// Pearson's statistic of what was drawn against what the weights promise.
double chi_square(const Counts& counts, const std::vector<Host*>& hosts, unsigned draws) {
  double sum = 0;
  for (const Host* host : hosts) sum += host->weight();
  double statistic = 0;
  for (const Host* host : hosts) {
    double expected = draws * host->weight() / sum;
    auto found = counts.find(host);
    double off = (found == counts.end() ? 0 : found->second) - expected;
    statistic += off * off / expected;
  }
  return statistic;
}

class Picker : public ::testing::Test {
 protected:
  Hosts made_;
  Dice dice_;
};

TEST_F(Picker, RoundRobinOfEqualHostsTakesEachInTurn) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 1});
  auto picker = make_picker(policy(Balancer::round_robin), hosts, 0);
  for (int round = 0; round < 4; ++round) {
    for (Host* host : hosts) EXPECT_EQ(picker->pick(dice_.next()), host);
  }
}

TEST_F(Picker, RoundRobinOfEqualHostsStartsWhereTheSeedSays) {
  std::vector<Host*> hosts = made_.weighted({5, 5, 5});
  auto picker = make_picker(policy(Balancer::round_robin), hosts, 7);
  EXPECT_EQ(picker->pick(0), hosts[1]);
  EXPECT_EQ(picker->pick(0), hosts[2]);
  EXPECT_EQ(picker->pick(0), hosts[0]);
}

// Deadlines of 1/1, 1/2 and 1/4 are exact in binary: any seven picks in a row hold the weights.
TEST_F(Picker, WeightedRoundRobinIsExactInEveryCycle) {
  std::vector<Host*> hosts = made_.weighted({1, 2, 4});
  for (uint64_t seed : {0, 1, 2}) {
    auto picker = make_picker(policy(Balancer::round_robin), hosts, seed);
    for (int cycle = 0; cycle < 50; ++cycle) {
      Counts counts = pick(*picker, 7, dice_);
      ASSERT_EQ(counts[hosts[0]], 1u) << "seed " << seed << ", cycle " << cycle;
      ASSERT_EQ(counts[hosts[1]], 2u) << "seed " << seed << ", cycle " << cycle;
      ASSERT_EQ(counts[hosts[2]], 4u) << "seed " << seed << ", cycle " << cycle;
    }
  }
}

TEST_F(Picker, WeightedRoundRobinStaysWithinOnePickOfTheWeights) {
  std::vector<Host*> hosts = made_.weighted({1, 3, 10, 7});
  auto picker = make_picker(policy(Balancer::round_robin), hosts, 0);
  Counts counts;
  for (unsigned n = 1; n <= 21'000; ++n) {
    ++counts[picker->pick(dice_.next())];
    for (const Host* host : hosts) {
      ASSERT_LE(std::abs(counts[host] - n * host->weight() / 21.0), 2.0) << "after " << n;
    }
  }
  for (const Host* host : hosts) EXPECT_NEAR(counts[host], 1000.0 * host->weight(), 1.0);
}

TEST_F(Picker, WeightedRoundRobinSpreadsAHeavyHostOverTheCycle) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 2});
  auto picker = make_picker(policy(Balancer::round_robin), hosts, 0);
  const Host* last = nullptr;
  unsigned twice_in_a_row = 0;
  for (int i = 0; i < 400; ++i) {
    const Host* host = picker->pick(0);
    if (host == hosts[2] && host == last) ++twice_in_a_row;
    last = host;
  }
  // Four picks, two of the heavy host: it may meet itself at the cycle's border only.
  EXPECT_LE(twice_in_a_row, 100u);
}

TEST_F(Picker, LeastRequestNeverTakesTheBusierOfTwoCandidates) {
  std::vector<Host*> hosts = made_.weighted({1, 1});
  config::Cluster cluster = policy(Balancer::least_request);
  cluster.least_request_choices = 8;
  auto picker = make_picker(cluster, hosts, 0);
  hosts[0]->active_requests = 3;
  hosts[1]->active_requests = 1;
  // Eight draws miss the idle host once in 256 picks.
  Counts counts = pick(*picker, 1000, dice_);
  EXPECT_GT(counts[hosts[1]], 980u);
  EXPECT_LT(counts[hosts[0]], 20u);
}

TEST_F(Picker, LeastRequestOfIdleHostsSpreadsEvenly) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 1, 1, 1});
  auto picker = make_picker(policy(Balancer::least_request), hosts, 0);
  // 4 degrees of freedom: a fair picker is above 18.5 once in a thousand runs.
  EXPECT_LT(chi_square(pick(*picker, 10'000, dice_), hosts, 10'000), 18.5);
}

TEST_F(Picker, LeastRequestKeepsTheLoadLevelWhenRequestsLast) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 1, 1});
  auto picker = make_picker(policy(Balancer::least_request), hosts, 0);
  for (int i = 0; i < 400; ++i) ++picker->pick(dice_.next())->active_requests;
  auto [least, most] = std::minmax_element(
      hosts.begin(), hosts.end(),
      [](const Host* a, const Host* b) { return a->active_requests < b->active_requests; });
  EXPECT_LE((*most)->active_requests - (*least)->active_requests, 6u);
}

TEST_F(Picker, WeightedLeastRequestFollowsTheWeightsOfIdleHosts) {
  std::vector<Host*> hosts = made_.weighted({1, 2, 4});
  auto picker = make_picker(policy(Balancer::least_request), hosts, 0);
  Counts counts = pick(*picker, 700, dice_);
  EXPECT_EQ(counts[hosts[0]], 100u);
  EXPECT_EQ(counts[hosts[1]], 200u);
  EXPECT_EQ(counts[hosts[2]], 400u);
}

TEST_F(Picker, WeightedLeastRequestGivesALoadedHostLess) {
  std::vector<Host*> hosts = made_.weighted({2, 4});
  auto picker = make_picker(policy(Balancer::least_request), hosts, 0);
  hosts[1]->active_requests = 3;  // 4 / (3 + 1): half of the other's 2 / (0 + 1)
  pick(*picker, 6, dice_);        // deadlines from before the load are used up
  Counts counts = pick(*picker, 300, dice_);
  EXPECT_NEAR(counts[hosts[0]], 200.0, 1.0);
  EXPECT_NEAR(counts[hosts[1]], 100.0, 1.0);
}

TEST_F(Picker, RandomOfEqualHostsIsFair) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 1, 1, 1});
  auto picker = make_picker(policy(Balancer::random), hosts, 0);
  EXPECT_LT(chi_square(pick(*picker, 10'000, dice_), hosts, 10'000), 18.5);
}

TEST_F(Picker, RandomDoesNotAskForWeights) {
  std::vector<Host*> hosts = made_.weighted({1, 3, 2});
  auto picker = make_picker(policy(Balancer::random), hosts, 0);
  for (uint64_t n = 0; n < 12; ++n) EXPECT_EQ(picker->pick(n), hosts[n % 3]) << n;
}

// The table of shares at one moment of a window of 60 s: one host is old, one is new.
class SlowStart : public Picker {
 protected:
  config::Cluster cluster(Balancer balancer, double aggression, double least = 10) {
    config::Cluster out = policy(balancer);
    auto options = std::make_shared<config::BalancerOptions>();
    options->slow_start = config::SlowStart{std::chrono::seconds(60), {aggression, "agg"}, least};
    out.balancer_options = std::move(options);
    return out;
  }
  // Of 1000 requests, those that the new host gets `age` after it came.
  unsigned share(const config::Cluster& cluster, std::chrono::seconds age) {
    outrigger::test::FakeLoop loop;
    loop.advance(std::chrono::hours(1));
    std::vector<Host*> hosts = made_.weighted({1, 1});
    hosts[0]->serves_since = loop.now() - std::chrono::minutes(10);
    hosts[1]->serves_since = loop.now() - age;
    BalancerEnv env{&loop, &runtime_, nullptr};
    auto picker = make_picker(cluster, hosts, 0, env);
    return pick(*picker, 1000, dice_)[hosts[1]];
  }
  config::RuntimeSnapshotPtr runtime_;
};

// Weight 1 against weight f: a share of f / (1 + f).
TEST_F(SlowStart, ANewHostTakesItsShareInStepWithTime) {
  config::Cluster linear = cluster(Balancer::round_robin, 1.0);
  EXPECT_NEAR(share(linear, std::chrono::seconds(30)), 333, 2);  // 0.5
  EXPECT_NEAR(share(linear, std::chrono::seconds(15)), 200, 2);  // 0.25
  EXPECT_NEAR(share(linear, std::chrono::seconds(1)), 91, 2);    // 10 % at least
  EXPECT_NEAR(share(linear, std::chrono::seconds(61)), 500, 2);  // it is over
}

TEST_F(SlowStart, AggressionBendsTheWay) {
  EXPECT_NEAR(share(cluster(Balancer::round_robin, 2.0), std::chrono::seconds(15)), 333, 2);
  EXPECT_NEAR(share(cluster(Balancer::round_robin, 0.5, 1), std::chrono::seconds(15)), 59, 2);
}

TEST_F(SlowStart, TheRuntimeMayChangeTheAggression) {
  config::RuntimeValue value;
  value.decimal = 2.0;
  runtime_ = std::make_shared<config::RuntimeSnapshot>(
      config::RuntimeSnapshot::Values{{"agg", std::move(value)}});
  EXPECT_NEAR(share(cluster(Balancer::round_robin, 1.0), std::chrono::seconds(15)), 333, 2);
}

TEST_F(SlowStart, LeastRequestHasItToo) {
  EXPECT_NEAR(share(cluster(Balancer::least_request, 1.0), std::chrono::seconds(30)), 333, 2);
}

TEST_F(SlowStart, HostsThatAreAllNewHaveEqualShares) {
  outrigger::test::FakeLoop loop;
  std::vector<Host*> hosts = made_.weighted({1, 1, 1});
  for (Host* host : hosts) host->note_service(loop.now());
  auto picker =
      make_picker(cluster(Balancer::round_robin, 1.0), hosts, 0, {&loop, nullptr, nullptr});
  Counts counts = pick(*picker, 300, dice_);
  for (const Host* host : hosts) EXPECT_EQ(counts[host], 100u);
}

TEST_F(Picker, ABiasMakesRequestsWeighMore) {
  config::Cluster cluster = policy(Balancer::least_request);
  auto options = std::make_shared<config::BalancerOptions>();
  options->active_request_bias = config::RuntimeNumber{2.0, {}};
  cluster.balancer_options = options;
  std::vector<Host*> hosts = made_.weighted({1, 4});
  hosts[1]->active_requests = 1;  // 4 / 2^2: as much as the other
  auto picker = make_picker(cluster, hosts, 0);
  Counts counts = pick(*picker, 100, dice_);
  EXPECT_NEAR(counts[hosts[0]], 50.0, 2.0);
  options->active_request_bias->value = 0;  // requests do not matter
  picker = make_picker(cluster, hosts, 0);
  counts = pick(*picker, 100, dice_);
  EXPECT_NEAR(counts[hosts[0]], 20.0, 1.0);
}

TEST_F(Picker, AFullScanFindsTheOnlyIdleHost) {
  config::Cluster cluster = policy(Balancer::least_request);
  auto options = std::make_shared<config::BalancerOptions>();
  options->full_scan = true;
  cluster.balancer_options = options;
  std::vector<Host*> hosts = made_.weighted(std::vector<uint32_t>(100, 1));
  for (Host* host : hosts) host->active_requests = 2;
  hosts[42]->active_requests = 1;
  auto picker = make_picker(cluster, hosts, 0);
  EXPECT_EQ(pick(*picker, 50, dice_)[hosts[42]], 50u);
  hosts[42]->active_requests = 2;
  // 99 degrees of freedom: a fair picker is above 148.2 once in a thousand runs.
  EXPECT_LT(chi_square(pick(*picker, 50'000, dice_), hosts, 50'000), 148.2);
}

// Weights are 32 bits each, and so is their sum: one of nearly all of it among light ones.
TEST_F(Picker, WeightsMayBeOfAnySize) {
  std::vector<Host*> hosts = made_.weighted({1, 4294967290u, 4});
  auto picker = make_picker(policy(Balancer::round_robin), hosts, 3);
  Counts counts = pick(*picker, 1000, dice_);
  EXPECT_GE(counts[hosts[1]], 995u);
}

TEST_F(Picker, OneHostIsAlwaysTheChoice) {
  for (Balancer balancer : {Balancer::round_robin, Balancer::least_request, Balancer::random}) {
    std::vector<Host*> hosts = made_.weighted({7});
    auto picker = make_picker(policy(balancer), hosts, 12345);
    EXPECT_EQ(pick(*picker, 10, dice_)[hosts[0]], 10u);
  }
}

}  // namespace
}  // namespace outrigger::upstream::test
