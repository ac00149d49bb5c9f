// Clusters that are replaced and removed while requests use them.
#include "proxy/upstream/cluster_table.h"

#include <gtest/gtest.h>

#include "proxy/upstream/host_match.h"
#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

using outrigger::test::endpoint;
using Kind = ClusterChange::Kind;

class Table : public PoolTest {
 protected:
  ~Table() override {
    table_.close_all();
    loop_.settle();
  }
  void SetUp() override {
    config_->connection_identity = 1;
    set(config_);
  }
  void set(const config::ClusterPtr& cluster) {
    apply({Kind::set, cluster->ref.slot, cluster, nullptr});
  }
  void apply(ClusterChange change) {
    std::vector<ClusterChange> changes;
    changes.push_back(std::move(change));
    table_.apply(changes);
    loop_.settle();
  }
  // Another version, with the same connections unless `identity` is another one.
  config::ClusterPtr version(uint64_t identity = 1) {
    auto next = std::make_shared<config::Cluster>(*config_);
    next->connection_identity = identity;
    next->panic_threshold = 1;
    return next;
  }
  WorkerCluster& active() { return *table_.find(0u); }
  std::unique_ptr<Request> open() {
    size_t known = loop_.peer_count();
    auto request = std::make_unique<Request>(
        active().pool(*active().hosts().front(), false, http::Protocol::http11));
    request->start();
    if (loop_.peer_count() > known) peer(known).accept();
    return request;
  }

  ClusterTable table_{loop_, 0, 0};
};

TEST_F(Table, AnIdleConnectionGoesOverToTheNextVersion) {
  auto request = open();
  peer(0).send(kOk);
  WorkerCluster* before = &active();
  set(version());
  EXPECT_NE(&active(), before);
  EXPECT_EQ(active().config().panic_threshold, 1);
  EXPECT_FALSE(peer(0).gone());
  auto again = open();
  EXPECT_TRUE(again->sent());
  EXPECT_EQ(again->connection_id(), request->connection_id());
  peer(0).send(kOk);
  EXPECT_TRUE(again->done());
  EXPECT_EQ(table_.retired_count(), 0u);
}

TEST_F(Table, AConnectionInUseGoesOverWithItsRequest) {
  auto request = open();
  set(version());
  peer(0).send(kOk);
  EXPECT_TRUE(request->done());
  EXPECT_FALSE(peer(0).gone());
  EXPECT_EQ(limits().usage->requests.load(), 0u);
  auto again = open();
  EXPECT_EQ(again->connection_id(), request->connection_id());
}

TEST_F(Table, WhereConnectionsChangedTheOldOnesFinishAndClose) {
  auto request = open();
  auto idle = open();
  peer(1).send(kOk);
  set(version(2));
  EXPECT_TRUE(peer(1).gone()) << "it was idle";
  EXPECT_FALSE(peer(0).gone());
  EXPECT_EQ(table_.retired_count(), 1u);
  auto fresh = open();
  EXPECT_EQ(loop_.peer_count(), 3u);
  peer(0).send(kOk);
  EXPECT_TRUE(request->done());
  EXPECT_TRUE(peer(0).gone());
  loop_.settle();
  EXPECT_EQ(table_.retired_count(), 0u);
  EXPECT_FALSE(peer(2).gone());
}

TEST_F(Table, ARemovedClusterIsNotFoundAndFinishesWhatItHas) {
  auto request = open();
  apply({Kind::remove, 0, nullptr, nullptr});
  EXPECT_EQ(table_.find(0u), nullptr);
  EXPECT_EQ(table_.find("backend"), nullptr);
  EXPECT_EQ(table_.retired_count(), 1u);
  peer(0).send(kOk);
  EXPECT_TRUE(request->done());
  EXPECT_TRUE(peer(0).gone());
  loop_.settle();
  EXPECT_EQ(table_.retired_count(), 0u);
}

TEST_F(Table, AClusterMayComeBack) {
  (void)active();
  apply({Kind::remove, 0, nullptr, nullptr});
  set(version());
  ASSERT_NE(table_.find(0u), nullptr);
  EXPECT_EQ(table_.find("backend"), table_.find(0u));
  EXPECT_TRUE(open()->sent());
}

TEST_F(Table, WhoHoldsAVersionMayTryAgainOnItsHosts) {
  WorkerClusterRef held(&active());
  apply({Kind::remove, 0, nullptr, nullptr});
  loop_.settle();
  EXPECT_EQ(table_.retired_count(), 1u) << "a request between two attempts";
  HostRef host = held->pick_host(0);
  ASSERT_NE(host.get(), nullptr);
  Request request(held->pool(*host, false, http::Protocol::http11));
  request.start();
  peer(0).accept();
  peer(0).send(kOk);
  EXPECT_TRUE(request.done());
  EXPECT_TRUE(peer(0).gone()) << "nobody comes after it";
  host = {};
  held = {};
  loop_.settle();
  EXPECT_EQ(table_.retired_count(), 0u);
}

TEST_F(Table, AnOldVersionsHolderUsesThePoolsOfTheNext) {
  WorkerClusterRef held(&active());
  HostRef host = held->pick_host(0);
  set(version());
  Request request(held->pool(*host, false, http::Protocol::http11));
  EXPECT_EQ(&held->pool(*host, false, http::Protocol::http11),
            &active().pool(*host, false, http::Protocol::http11));
  set(version(2));
  loop_.settle();
  EXPECT_EQ(table_.retired_count(), 2u) << "the next version is kept by the first";
  host = {};
  held = {};
  for (int i = 0; i < 3; ++i) loop_.settle();
  EXPECT_EQ(table_.retired_count(), 0u);
}

TEST_F(Table, WhatAChangeReplacedComesBackToBeFreedElsewhere) {
  std::vector<ClusterChange> changes;
  changes.push_back({Kind::set, 0, version(), nullptr});
  table_.apply(changes);
  EXPECT_EQ(changes[0].cluster, config_);
}

TEST_F(Table, ManyClustersInUseAreBroughtUpToDateAFewAtATime) {
  constexpr uint32_t kMany = 1000;
  std::vector<ClusterChange> changes;
  for (uint32_t slot = 0; slot < kMany; ++slot) {
    auto one = std::make_shared<config::Cluster>(*config_);
    one->ref = {"c" + std::to_string(slot), slot};
    changes.push_back({Kind::set, slot, one, nullptr});
  }
  auto next = changes;
  table_.apply(changes);
  for (uint32_t slot = 0; slot < kMany; ++slot) (void)table_.find(slot);
  for (ClusterChange& change : next) {
    auto one = std::make_shared<config::Cluster>(*change.cluster);
    one->connection_identity = 2;
    change.cluster = one;
  }
  table_.apply(next);
  EXPECT_GT(table_.retired_count(), 0u);
  EXPECT_LT(table_.retired_count(), kMany / 10);
  EXPECT_EQ(table_.find("c999")->config().connection_identity, 2u)
      << "whoever is asked for, at once";
  for (int i = 0; i < 100; ++i) loop_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(table_.retired_count(), 0u);
}

TEST_F(Table, EndpointsOfAClusterInUseAreThereWithTheNextRequest) {
  (void)active();
  auto set = std::make_shared<config::EndpointSet>();
  set->localities.emplace_back().endpoints = {endpoint(81), endpoint(82)};
  apply({Kind::endpoints, 0, nullptr, set});
  EXPECT_EQ(active().host_count(), 2u);
  apply({Kind::endpoints, 7, nullptr, set});  // of a cluster that nobody knows
  EXPECT_EQ(table_.find(7u), nullptr);
}

// Which hosts go on.

class Match : public ::testing::Test {
 protected:
  using Set = std::vector<config::EndpointPtr>;
  static Set some(uint16_t count) {
    Set out;
    for (uint16_t port = 1; port <= count; ++port) out.push_back(endpoint(port));
    return out;
  }
  // The number of endpoints that had to be looked up; checks that all others kept their hosts.
  static size_t cost(const Set& before, const Set& now, size_t expected_new) {
    std::vector<HostRef> hosts;
    for (const auto& one : before) hosts.emplace_back(new Host(one, 0));
    HostMatch match(hosts);
    std::vector<const config::Endpoint*> endpoints;
    for (const auto& one : now) endpoints.push_back(one.get());
    std::vector<HostRef> out = match.match(endpoints, false);
    size_t fresh = 0;
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i] == nullptr) {
        ++fresh;
      } else {
        EXPECT_EQ(out[i]->endpoint->address, now[i]->address);
      }
    }
    EXPECT_EQ(fresh, expected_new);
    EXPECT_EQ(match.left().size(), before.size() + fresh - now.size());
    return match.looked_up();
  }
};

TEST_F(Match, WhatStaysInOrderIsNotLookedUp) {
  Set before = some(1000);
  EXPECT_EQ(cost(before, before, 0), 0u);
  Set fewer = before;
  fewer.erase(fewer.begin() + 500);
  EXPECT_EQ(cost(before, fewer, 0), 0u);
  EXPECT_EQ(cost(fewer, before, 1), 0u);
}

TEST_F(Match, WhatWasMadeAnewIsFoundByItsAddress) {
  Set before = some(1000);
  Set now = before;
  for (size_t at : {10u, 11u, 12u, 700u}) now[at] = endpoint(before[at]->address.port(), 5);
  EXPECT_EQ(cost(before, now, 0), 4u);
  now[500] = endpoint(5000);
  EXPECT_EQ(cost(before, now, 1), 5u);
}

TEST_F(Match, AnyOrderIsFound) {
  Set before = some(100);
  Set now(before.rbegin(), before.rend());
  EXPECT_LE(cost(before, now, 0), 100u);
}

}  // namespace
}  // namespace outrigger::upstream::test
