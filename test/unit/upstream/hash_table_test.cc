// Hash tables that are made from earlier ones: the same as those that are made from nothing, at the
// price of what changed.
#include "proxy/upstream/hash_table.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "proxy/upstream/cluster_hash_tables.h"
#include "proxy/upstream/maglev_table.h"
#include "proxy/upstream/ring_table.h"
#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

using Balancer = config::Cluster::Balancer;

config::EndpointPtr endpoint_of(unsigned number, uint32_t weight = 1) {
  auto made = std::make_shared<config::Endpoint>();
  std::string address =
      fmt::format("10.{}.{}.{}", number / 65536, number / 256 % 256, number % 256);
  made->address = *net::Address::from_ip(address, 80);
  made->weight = weight;
  return made;
}

// A cluster whose endpoints change again and again.
class Tables {
 public:
  explicit Tables(Balancer balancer, bool murmur = false, uint64_t least = 1024) {
    cluster_.balancer = balancer;
    auto hashing = std::make_shared<config::HashBalancing>();
    hashing->murmur = murmur;
    hashing->minimum_ring_size = least;
    hashing->table_size = 2039;
    cluster_.hashing = hashing;
  }
  config::Cluster& cluster() { return cluster_; }

  // Endpoints of one locality, after what was before.
  void set(std::vector<config::EndpointPtr> endpoints) {
    auto made = std::make_shared<config::EndpointSet>();
    made->localities.push_back({{}, 0, 3, std::move(endpoints)});
    put(made);
  }
  void put(const std::shared_ptr<config::EndpointSet>& endpoints, const HostStates* states = {}) {
    auto next = std::make_shared<ClusterHashTables>(cluster_, endpoints, states, tables_.get());
    whole_ = std::make_shared<ClusterHashTables>(cluster_, endpoints, states, nullptr);
    tables_ = next;
  }
  const HashTable& table(size_t priority = 0) { return *tables_->priorities()[priority].table; }

  // Each hash meets the same host as by the table that was made from nothing.
  void expect_same(size_t priority = 0) {
    const HashTable& made = table(priority);
    const HashTable& whole = *whole_->priorities()[priority].table;
    EXPECT_EQ(made.figures().size, whole.figures().size);
    EXPECT_EQ(made.figures().fewest, whole.figures().fewest);
    EXPECT_EQ(made.figures().most, whole.figures().most);
    for (int i = 0; i < 5000; ++i) {
      uint64_t hash = dice_.next();
      auto attempt = static_cast<uint32_t>(i % 3);
      ASSERT_EQ(made.members()[made.find(hash, attempt)].endpoint,
                whole.members()[whole.find(hash, attempt)].endpoint);
    }
  }

 private:
  config::Cluster cluster_;
  std::shared_ptr<const ClusterHashTables> tables_, whole_;
  Dice dice_;
};

struct Kind {
  Balancer balancer;
  bool murmur;
  uint64_t least;
};

class ChangingTables : public ::testing::TestWithParam<Kind> {
 protected:
  Tables tables_{GetParam().balancer, GetParam().murmur, GetParam().least};
  std::vector<config::EndpointPtr> endpoints(unsigned count, bool weighted = false) {
    std::vector<config::EndpointPtr> made;
    for (unsigned i = 0; i < count; ++i) made.push_back(endpoint_of(i, weighted ? i % 7 + 1 : 1));
    return made;
  }
};

TEST_P(ChangingTables, OneIsReplacedByAnother) {
  auto all = endpoints(300);
  tables_.set(all);
  all[150] = endpoint_of(1000);
  tables_.set(all);
  tables_.expect_same();
}

TEST_P(ChangingTables, SomeComeAndSomeGo) {
  auto all = endpoints(100, true);
  tables_.set(all);
  Dice dice;
  for (unsigned round = 0; round < 30; ++round) {
    all.erase(all.begin() + static_cast<ptrdiff_t>(dice.next() % all.size()));
    if (round % 3 == 0) all.erase(all.begin());
    for (unsigned n = 0; n < round % 4; ++n) {
      auto at = all.begin() + static_cast<ptrdiff_t>(dice.next() % (all.size() + 1));
      all.insert(at, endpoint_of(1000 + 10 * round + n, n + 1));
    }
    tables_.set(all);
    tables_.expect_same();
  }
}

TEST_P(ChangingTables, WeightsChange) {
  auto all = endpoints(50);
  tables_.set(all);
  all[7] = endpoint_of(7, 20);
  tables_.set(all);
  tables_.expect_same();
  all[7] = endpoint_of(7, 1);
  all[8] = endpoint_of(8, 3);
  tables_.set(all);
  tables_.expect_same();
}

TEST_P(ChangingTables, TheOrderChanges) {
  auto all = endpoints(50, true);
  tables_.set(all);
  std::rotate(all.begin(), all.begin() + 20, all.end());
  std::swap(all[3], all[40]);
  tables_.set(all);
  tables_.expect_same();
}

// Their places are the same; the first in the list has them.
TEST_P(ChangingTables, TwoOfEqualKeys) {
  auto all = endpoints(20);
  tables_.set(all);
  all.insert(all.begin() + 3, endpoint_of(12));
  tables_.set(all);
  tables_.expect_same();
  std::swap(all[3], all[13]);
  tables_.set(all);
  tables_.expect_same();
}

TEST_P(ChangingTables, AllGoAndOthersCome) {
  tables_.set(endpoints(10));
  tables_.set({});
  std::vector<config::EndpointPtr> others;
  for (unsigned i = 0; i < 100; ++i) others.push_back(endpoint_of(5000 + i));
  tables_.set(others);
  tables_.expect_same();
}

TEST_P(ChangingTables, HealthChanges) {
  auto made = std::make_shared<config::EndpointSet>();
  made->localities.push_back({{}, 0, {}, endpoints(40)});
  made->localities.push_back({{}, 1, {}, {endpoint_of(900), endpoint_of(901)}});
  tables_.put(made);
  for (unsigned ill : {0u, 5u, 39u}) {
    auto next = std::make_shared<config::EndpointSet>(*made);
    auto sick = std::make_shared<config::Endpoint>(*next->localities[0].endpoints[ill]);
    sick->health = Health::unhealthy;
    next->localities[0].endpoints[ill] = sick;
    made = next;
    tables_.put(made);
    tables_.expect_same();
    tables_.expect_same(1);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChangingTables,
                         ::testing::Values(Kind{Balancer::ring_hash, false, 1024},
                                           Kind{Balancer::ring_hash, true, 64},
                                           Kind{Balancer::maglev, false, 0}));

TEST(ChangingTables, OfManyOnlyTheChangedOneIsHashed) {
  std::vector<config::EndpointPtr> all;
  for (unsigned i = 0; i < 3000; ++i) all.push_back(endpoint_of(i));
  Tables ring(Balancer::ring_hash), maglev(Balancer::maglev);
  ring.set(all);
  maglev.set(all);
  all[1500] = endpoint_of(70000);
  ring.set(all);
  maglev.set(all);
  const auto& made = dynamic_cast<const RingTable&>(ring.table());
  EXPECT_EQ(made.figures().size - made.kept(), 1u);
  EXPECT_EQ(dynamic_cast<const MaglevTable&>(maglev.table()).hashed(), 1u);
}

TEST(ChangingTables, AnotherHashFunctionLeavesNothingOfThem) {
  Tables ring(Balancer::ring_hash);
  ring.set({endpoint_of(1), endpoint_of(2)});
  auto murmur = std::make_shared<config::HashBalancing>();
  murmur->murmur = true;
  ring.cluster().hashing = murmur;
  ring.set({endpoint_of(1), endpoint_of(2)});
  ring.expect_same();
  ring.cluster().balancer = Balancer::maglev;
  ring.set({endpoint_of(1), endpoint_of(2)});
  ring.expect_same();
}

TEST(SharedTables, AreOfLargeClustersOnly) {
  config::Cluster cluster;
  config::EndpointSet few, many;
  few.localities.push_back({{}, 0, {}, {endpoint_of(1)}});
  many.localities.push_back({{}, 0, {}, std::vector<config::EndpointPtr>(2000, endpoint_of(1))});
  EXPECT_FALSE(shares_hash_tables(cluster, many));
  cluster.balancer = Balancer::ring_hash;
  EXPECT_TRUE(shares_hash_tables(cluster, many));
  EXPECT_FALSE(shares_hash_tables(cluster, few));
  auto large = std::make_shared<config::HashBalancing>();
  large->minimum_ring_size = 1'000'000;
  cluster.hashing = large;
  EXPECT_TRUE(shares_hash_tables(cluster, few));
  EXPECT_FALSE(shares_hash_tables(cluster, {}));
}

// A worker's picks by tables that were made for all are those by its own.
TEST(SharedTables, SayWhatAWorkersOwnWouldSay) {
  for (Balancer balancer : {Balancer::ring_hash, Balancer::maglev}) {
    Hosts made;
    config::Cluster cluster;
    cluster.balancer = balancer;
    std::vector<LocalityHosts> localities =
        priorities({made.in_state(3, 2, 1), made.in_state(4, 0)});
    auto endpoints = std::make_shared<config::EndpointSet>();
    for (const LocalityHosts& from : localities) {
      auto& to = endpoints->localities.emplace_back();
      to.priority = from.priority;
      for (const Host* host : from.hosts) to.endpoints.push_back(host->endpoint);
    }
    ClusterHashTables tables(cluster, endpoints, nullptr, nullptr);
    EXPECT_TRUE(tables.are_of(*endpoints));
    LoadBalancer own(cluster, localities, 0);
    LoadBalancer shared(cluster, localities, 0, LoadBalancer::kOverprovisioning, {}, &tables);
    EXPECT_EQ(shared.host_count(), own.host_count());
    EXPECT_EQ(shared.healthy_count(), own.healthy_count());
    Dice dice;
    for (int i = 0; i < 2000; ++i) {
      bool panic = false;
      uint64_t hash = dice.next();
      EXPECT_EQ(shared.pick(hash, panic), own.pick(hash, panic));
    }
  }
}

}  // namespace
}  // namespace outrigger::upstream::test
