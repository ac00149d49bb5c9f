// Connections whose cluster is not there, and is asked for.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "test/unit/tcp/tcp_fixture.h"

namespace outrigger::tcp::test {
namespace {

class FakeDemand final : public ClusterDemand {
 public:
  void ask(std::string cluster, std::chrono::milliseconds,
           std::function<void()> done) const override {
    asked.push_back(std::move(cluster));
    answers.push_back(std::move(done));
  }
  mutable std::vector<std::string> asked;
  mutable std::vector<std::function<void()>> answers;
};

class OnDemand : public TcpTest {
 protected:
  OnDemand() {
    cluster_there_ = false;
    config_->on_demand = {demand_, milliseconds(1000)};
  }
  void answer(size_t at) {
    demand_->answers.at(at)();
    loop_.settle();
  }
  std::shared_ptr<FakeDemand> demand_ = std::make_shared<FakeDemand>();
};

TEST_F(OnDemand, TheConnectionWaitsForItsCluster) {
  Client client = connect();
  client->send("hello");
  ASSERT_EQ(demand_->asked, std::vector<std::string>{"backend"});
  EXPECT_EQ(loop_.peer_count(), 0u);
  cluster_comes();
  answer(0);
  ASSERT_EQ(loop_.peer_count(), 1u);
  upstream(0).accept();
  EXPECT_EQ(upstream(0).take(), "hello");
  EXPECT_EQ(stats().on_demand_cluster_attempt.value(), 1u);
  EXPECT_EQ(stats().on_demand_cluster_success.value(), 1u);
  connect();
  EXPECT_EQ(demand_->asked.size(), 1u) << "it is there now";
}

TEST_F(OnDemand, WhatIsNotComingEndsIt) {
  Client client = connect();
  answer(0);
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().on_demand_cluster_missing.value(), 1u);
  EXPECT_EQ(stats().downstream_cx_no_route.value(), 1u);
  EXPECT_EQ(demand_->asked.size(), 1u);
}

TEST_F(OnDemand, SoDoesTime) {
  Client client = connect();
  loop_.advance(milliseconds(1000));
  answer(0);
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(stats().on_demand_cluster_timeout.value(), 1u);
  EXPECT_EQ(stats().on_demand_cluster_missing.value(), 0u);
}

TEST_F(OnDemand, AnAnswerThatComesTooLateFindsNobody) {
  Client client = connect();
  client->reset(ECONNRESET);
  EXPECT_EQ(connections(), 0u);
  cluster_comes();
  answer(0);
  EXPECT_EQ(loop_.peer_count(), 0u);
}

}  // namespace
}  // namespace outrigger::tcp::test
