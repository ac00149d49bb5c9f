// RING_HASH and MAGLEV: equal hashes, equal hosts; parts by weight; little moves.
#include "proxy/upstream/hash_picker.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "proxy/upstream/murmur_hash.h"
#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

using Balancer = config::Cluster::Balancer;

class HashPicker : public ::testing::TestWithParam<Balancer> {
 protected:
  HashPicker() { cluster_.balancer = GetParam(); }
  std::unique_ptr<upstream::HostPicker> picker(const std::vector<Host*>& hosts) {
    return hash_picker(cluster_, hosts);
  }
  static constexpr unsigned kPicks = 20'000;
  Counts count(upstream::HostPicker& picker) {
    Counts counts;
    for (unsigned i = 0; i < kPicks; ++i) ++counts[picker.pick(dice_.next())];
    return counts;
  }
  config::Cluster cluster_;
  Hosts made_;
  Dice dice_;
};

TEST_P(HashPicker, AgreesWithItselfWhateverTheOrder) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 1, 1, 1});
  auto one = picker(hosts);
  auto other = picker({hosts.rbegin(), hosts.rend()});
  for (int i = 0; i < 1000; ++i) {
    uint64_t hash = dice_.next();
    EXPECT_EQ(one->pick(hash), other->pick(hash));
  }
}

TEST_P(HashPicker, GivesEachHostItsPart) {
  std::vector<Host*> hosts = made_.weighted({1, 2, 5});
  Counts counts = count(*picker(hosts));
  for (size_t i = 0; i < hosts.size(); ++i) {
    double part = static_cast<double>(counts[hosts[i]]) / kPicks;
    EXPECT_NEAR(part, hosts[i]->weight() / 8.0, 0.05);
  }
}

TEST_P(HashPicker, AHostThatGoesMovesLittleElse) {
  std::vector<Host*> hosts = made_.weighted({1, 1, 1, 1, 1});
  auto before = picker(hosts);
  auto after = picker({hosts.begin(), hosts.end() - 1});
  unsigned moved = 0;
  for (unsigned i = 0; i < kPicks; ++i) {
    uint64_t hash = dice_.next();
    Host* was = before->pick(hash);
    if (was != hosts.back() && after->pick(hash) != was) ++moved;
  }
  // A ring of a given size has more points for each of fewer hosts, so some of theirs move too.
  EXPECT_LT(moved, kPicks / 5);
}

TEST_P(HashPicker, TheHashChoosesThePriorityToo) {
  std::vector<LocalityHosts> localities = priorities({made_.in_state(1, 1), made_.in_state(4, 0)});
  LoadBalancer balancer(cluster_, localities, 0);
  bool panic = false;
  for (int i = 0; i < 100; ++i) {
    uint64_t hash = dice_.next();
    Host* host = balancer.pick(hash, panic);
    EXPECT_EQ(balancer.pick(hash, panic), host);
    EXPECT_EQ(host == localities[0].hosts[0], hash % 100 < 70);
  }
}

TEST_P(HashPicker, LocalitiesHaveTheirShares) {
  cluster_.locality_weighted = true;
  std::vector<Host*> few = made_.weighted({1});
  std::vector<Host*> many = made_.weighted({1, 1, 1});
  LoadBalancer balancer(cluster_, {{0, 1, few}, {0, 1, many}, {0, 0, made_.weighted({1})}}, 0);
  unsigned to_few = 0;
  bool panic = false;
  for (unsigned i = 0; i < kPicks; ++i) to_few += balancer.pick(dice_.next(), panic) == few[0];
  EXPECT_NEAR(static_cast<double>(to_few) / kPicks, 0.5, 0.05);
}

// As Envoy's: there is one table, of all hosts, and shares are what they are without panic.
TEST_P(HashPicker, InPanicLocalitiesKeepTheirShares) {
  cluster_.locality_weighted = true;
  std::vector<Host*> few = made_.in_state(0, 1);
  std::vector<Host*> many = made_.in_state(1, 3);
  LoadBalancer balancer(cluster_, {{0, 1, few}, {0, 1, many}}, 0);
  unsigned to_few = 0;
  bool panic = false;
  for (unsigned i = 0; i < kPicks; ++i) {
    to_few += balancer.pick(dice_.next(), panic) == few[0];
    ASSERT_TRUE(panic);
  }
  EXPECT_NEAR(static_cast<double>(to_few) / kPicks, 0.5, 0.05);
}

// Degraded hosts serve only where no host is healthy.
TEST_P(HashPicker, WhatDegradedHostsAreToTakeGoesByTheTableOfTheHealthyOnes) {
  std::vector<Host*> hosts = made_.in_state(3, 1, 4);
  LoadBalancer balancer(cluster_, priorities({hosts}), 0);
  bool panic = false;
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(balancer.pick(dice_.next(), panic)->health, Health::healthy);
  LoadBalancer other(cluster_, priorities({made_.in_state(0, 1, 4)}), 0);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(other.pick(dice_.next(), panic)->health, Health::degraded);
}

INSTANTIATE_TEST_SUITE_P(Policies, HashPicker,
                         ::testing::Values(Balancer::ring_hash, Balancer::maglev));

TEST(MurmurHash, IsTheOneOfTheStandardLibrary) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(murmur_hash(text), std::hash<std::string>()(text)) << text.size();
    text += static_cast<char>('a' + i % 26);
  }
}

TEST(Ring, OfMurmurHashesIsAnother) {
  config::Cluster cluster;
  cluster.balancer = Balancer::ring_hash;
  Hosts made;
  std::vector<Host*> hosts = made.weighted({1, 1, 1});
  auto xx = hash_picker(cluster, hosts);
  auto hashing = std::make_shared<config::HashBalancing>();
  hashing->murmur = true;
  cluster.hashing = hashing;
  auto murmur = hash_picker(cluster, hosts);
  Dice dice;
  unsigned different = 0;
  for (int i = 0; i < 1000; ++i) {
    uint64_t hash = dice.next();
    different += xx->pick(hash) != murmur->pick(hash);
  }
  EXPECT_GT(different, 300u);
}

// Another attempt meets the next place of the ring, and another hash's in the table.
TEST(Ring, AttemptsGoOnAlongIt) {
  config::Cluster cluster;
  cluster.balancer = Balancer::ring_hash;
  Hosts made;
  std::vector<Host*> hosts = made.weighted({1, 1, 1, 1});  // 256 places each
  auto picker = hash_picker(cluster, hosts);
  Dice dice;
  for (int i = 0; i < 100; ++i) {
    uint64_t hash = dice.next();
    EXPECT_EQ(picker->pick(Draw(hash, 1024)), picker->pick(hash));  // once around
  }
}

// 100 %: no host has more than its part of what there is, and one more.
class BoundedLoad : public ::testing::TestWithParam<Balancer> {
 protected:
  std::unique_ptr<upstream::HostPicker> picker(uint32_t percent) {
    cluster_.balancer = GetParam();
    auto hashing = std::make_shared<config::HashBalancing>();
    hashing->balance_percent = percent;
    cluster_.hashing = hashing;
    return hash_picker(cluster_, hosts_, {nullptr, nullptr, &stats(), nullptr});
  }
  ClusterStats& stats() { return scope_->local<ClusterStats>(0); }
  void take(Host* host) {
    ++host->active_requests;
    stats().upstream_rq_active.inc();
  }
  StatsScopePtr scope_ = outrigger::test::scope<ClusterStats>("");
  config::Cluster cluster_;
  Hosts made_;
  std::vector<Host*> hosts_ = made_.weighted({1, 1, 1, 1});
};

TEST_P(BoundedLoad, EqualHashesSpreadWhenTheyAreTooMany) {
  auto bounded = picker(100);
  for (int i = 0; i < 400; ++i) take(bounded->pick(0x1234567));
  // As many as fit, and one more.
  for (const Host* host : hosts_) EXPECT_NEAR(host->active_requests, 100, 4);
}

TEST_P(BoundedLoad, AGreaterFactorLetsMoreOfThemMeet) {
  auto bounded = picker(200);
  Host* own = bounded->pick(0x1234567);
  for (int i = 0; i < 400; ++i) take(bounded->pick(0x1234567));
  EXPECT_NEAR(own->active_requests, 200, 2);
}

TEST_P(BoundedLoad, TheWayOnIsAlwaysTheSame) {
  auto bounded = picker(100);
  for (Host* host : hosts_) host->active_requests = 100;
  for (int i = 0; i < 3; ++i) stats().upstream_rq_active.add(100);
  Dice dice;
  for (int i = 0; i < 100; ++i) {
    uint64_t hash = dice.next();
    Host* first = bounded->pick(hash);
    for (int n = 0; n < 3; ++n) EXPECT_EQ(bounded->pick(hash), first);
  }
}

TEST_P(BoundedLoad, AnIdleClusterGoesByTheHashAlone) {
  auto bounded = picker(150);
  auto plain = picker(0);
  Dice dice;
  for (int i = 0; i < 1000; ++i) {
    uint64_t hash = dice.next();
    EXPECT_EQ(bounded->pick(hash), plain->pick(hash));
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, BoundedLoad,
                         ::testing::Values(Balancer::ring_hash, Balancer::maglev));

// Localities.

TEST(Localities, TakeTurnsByTheirWeights) {
  config::Cluster cluster;
  cluster.locality_weighted = true;
  Hosts made;
  std::vector<Host*> near = made.weighted({1, 1});
  std::vector<Host*> far = made.weighted({1});
  LoadBalancer balancer(cluster, {{0, 3, near}, {0, 1, far}, {0, 0, made.weighted({1})}}, 0);
  bool panic = false;
  unsigned to_far = 0;
  unsigned to_near = 0;
  for (int i = 0; i < 400; ++i) {
    Host* host = balancer.pick(0, panic);
    to_far += host == far[0];
    to_near += host == near[0] || host == near[1];
  }
  EXPECT_EQ(to_far, 100u);
  EXPECT_EQ(to_near, 300u);
}

TEST(Localities, AnUnhealthyOneGivesItsShareUp) {
  config::Cluster cluster;
  cluster.locality_weighted = true;
  Hosts made;
  std::vector<Host*> ill = made.in_state(1, 3);  // 25 % of 1.4 is 35 %
  std::vector<Host*> well = made.in_state(4, 0);
  LoadBalancer balancer(cluster, {{0, 1, ill}, {0, 1, well}}, 0);
  bool panic = false;
  unsigned to_ill = 0;
  for (int i = 0; i < 1350; ++i) to_ill += balancer.pick(0, panic) == ill[0];
  EXPECT_NEAR(to_ill, 350, 2);
}

TEST(Localities, WithoutSharesAreOnePlace) {
  config::Cluster cluster;
  cluster.locality_weighted = true;
  Hosts made;
  LoadBalancer balancer(cluster, {{0, 0, made.weighted({1})}, {0, 0, made.weighted({1})}}, 0);
  bool panic = false;
  EXPECT_NE(balancer.pick(0, panic), balancer.pick(0, panic));
}

}  // namespace
}  // namespace outrigger::upstream::test
