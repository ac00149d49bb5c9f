// An aggregate of clusters that change.
#include "proxy/upstream/aggregate_hosts.h"

#include <gtest/gtest.h>

#include "proxy/upstream/cluster_table.h"
#include "proxy/upstream/conn_pool.h"
#include "test/unit/support/cluster.h"
#include "test/unit/support/fake_loop.h"

namespace outrigger::upstream::test {
namespace {

using outrigger::test::endpoint;
using EndpointHealth = config::Endpoint::Health;
using Kind = ClusterChange::Kind;

class Aggregate : public ::testing::Test {
 protected:
  static constexpr uint32_t kAggregate = 9;

  void SetUp() override {
    auto made = outrigger::test::cluster({});
    made->ref = {"both", kAggregate};
    made->discovery = config::Cluster::Discovery::aggregate;
    made->aggregate = {{"first", 1}, {"second", 2}};
    set(made);
  }
  void set(std::shared_ptr<config::Cluster> cluster) {
    apply({Kind::set, cluster->ref.slot, cluster, nullptr});
  }
  void set(uint32_t slot, std::vector<std::vector<config::EndpointPtr>> priorities) {
    auto made = outrigger::test::cluster(std::move(priorities));
    made->ref = {"inner", slot};
    set(made);
  }
  void apply(ClusterChange change) {
    std::vector<ClusterChange> changes;
    changes.push_back(std::move(change));
    table_.apply(changes);
    loop_.settle();
  }
  WorkerCluster& aggregate() { return *table_.find(kAggregate); }
  // How many of a hundred requests, one of each draw, go to each port; 0: to none.
  std::map<uint16_t, unsigned> ports(const std::vector<uint32_t>* loads = nullptr) {
    std::map<uint16_t, unsigned> out;
    for (uint64_t draw = 0; draw < 100; ++draw) {
      LbContext context;
      context.random = draw << 40;
      context.priority_loads = loads;
      Host* host = aggregate().pick_host(context);
      ++out[host == nullptr ? 0 : host->endpoint->address.port()];
    }
    return out;
  }
  using Ports = std::map<uint16_t, unsigned>;
  static config::EndpointPtr bad(uint16_t port) {
    return endpoint(port, 1, EndpointHealth::unhealthy);
  }

  outrigger::test::FakeLoop loop_;
  ClusterTable table_{loop_, 0, 0};
};

TEST_F(Aggregate, TheFirstClusterHasAllWhileItIsHealthy) {
  set(1, {{endpoint(80)}});
  set(2, {{endpoint(81)}});
  EXPECT_EQ(ports(), Ports({{80, 100}}));
  EXPECT_EQ(aggregate().host_count(), 2u);
}

TEST_F(Aggregate, PrioritiesOfOneClusterComeAfterThoseOfTheOther) {
  set(1, {{endpoint(80), bad(81)}, {endpoint(82)}});
  set(2, {{endpoint(83)}});
  EXPECT_EQ(ports(), Ports({{80, 70}, {82, 30}}));
  set(1, {{bad(80), bad(81)}, {endpoint(82), bad(84)}});
  EXPECT_EQ(ports(), Ports({{82, 70}, {83, 30}}));
}

TEST_F(Aggregate, DegradedHostsOfAPriorityThatHasHealthyOnes) {
  set(1, {{endpoint(80), endpoint(81, 1, EndpointHealth::degraded)}});
  set(2, {{endpoint(83)}});
  EXPECT_EQ(ports(), Ports({{80, 70}, {83, 30}}));
  set(2, {{bad(83)}});
  EXPECT_EQ(ports(), Ports({{80, 70}, {81, 30}}));
}

TEST_F(Aggregate, ClustersThatDoNotExistHaveNoPart) {
  EXPECT_EQ(ports(), Ports({{0, 100}}));
  EXPECT_EQ(aggregate().host_count(), 0u);
  set(2, {{endpoint(83)}});
  EXPECT_EQ(ports(), Ports({{83, 100}}));
}

TEST_F(Aggregate, FollowsEndpointsAndClusters) {
  set(1, {{endpoint(80)}});
  set(2, {{endpoint(81)}});
  EXPECT_EQ(ports(), Ports({{80, 100}}));
  apply({Kind::endpoints, 1, nullptr, outrigger::test::cluster({{bad(80)}})->endpoints});
  EXPECT_EQ(ports(), Ports({{81, 100}}));
  apply({Kind::endpoints, 1, nullptr, std::make_shared<config::EndpointSet>()});
  EXPECT_EQ(ports(), Ports({{81, 100}}));
  set(1, {{endpoint(82)}});
  EXPECT_EQ(ports(), Ports({{82, 100}}));
  apply({Kind::remove, 1, nullptr, nullptr});
  EXPECT_EQ(ports(), Ports({{81, 100}}));
}

TEST_F(Aggregate, WithoutAHealthyHostAllAreAskedBySize) {
  set(1, {{bad(80)}});
  set(2, {{bad(81), bad(82), bad(83)}});
  Ports got = ports();
  EXPECT_EQ(got[80], 25u);
  EXPECT_EQ(got[81] + got[82] + got[83], 75u);
}

TEST_F(Aggregate, ARetryLeavesTriedPrioritiesOut) {
  set(1, {{endpoint(80)}, {endpoint(81)}});
  set(2, {{endpoint(82)}});
  LbContext context;
  Host* first = aggregate().pick_host(context);
  EXPECT_EQ(aggregate().priority_of(*first), 0u);
  std::vector<uint32_t> loads = aggregate().loads_without({0});
  EXPECT_EQ(ports(&loads), Ports({{81, 100}}));
  loads = aggregate().loads_without({0, 1});
  EXPECT_EQ(ports(&loads), Ports({{82, 100}}));
  context.priority_loads = &loads;
  EXPECT_EQ(aggregate().priority_of(*aggregate().pick_host(context)), 2u);
  EXPECT_TRUE(aggregate().loads_without({0, 1, 2}).empty());
}

TEST_F(Aggregate, PoolsAndLimitsAreThoseOfTheHostsCluster) {
  auto first = outrigger::test::cluster({{endpoint(80)}});
  first->ref = {"first", 1};
  first->http.edit().version = config::UpstreamHttp::Version::http2;
  set(first);
  Host* host = aggregate().pick_host(LbContext());
  ConnPool& pool = aggregate().pool(*host, false, http::Protocol::http11);
  EXPECT_EQ(&pool.cluster(), table_.find(1u));
  EXPECT_EQ(pool.kind(), PoolKind::http2);
}

TEST_F(Aggregate, OfAnAggregateHasNoHosts) {
  auto outer = outrigger::test::cluster({});
  outer->ref = {"outer", 3};
  outer->discovery = config::Cluster::Discovery::aggregate;
  outer->aggregate = {{"both", kAggregate}, {"outer", 3}};
  set(outer);
  set(1, {{endpoint(80)}});
  EXPECT_EQ(table_.find(3u)->pick_host(LbContext()), nullptr);
}

TEST_F(Aggregate, WantsAHashIfOneOfItsClustersDoes) {
  auto first = outrigger::test::cluster({{endpoint(80)}});
  first->ref = {"first", 1};
  set(first);
  EXPECT_FALSE(aggregate().wants_hash());
  auto second = outrigger::test::cluster({{endpoint(81)}});
  second->ref = {"second", 2};
  second->balancer = config::Cluster::Balancer::ring_hash;
  second->hashing = std::make_shared<config::HashBalancing>();
  set(second);
  EXPECT_TRUE(aggregate().wants_hash());
}

}  // namespace
}  // namespace outrigger::upstream::test
