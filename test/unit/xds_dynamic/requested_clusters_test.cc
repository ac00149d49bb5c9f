// Clusters that requests ask for.
#include "xds/dynamic/requested_clusters.h"

#include "test/unit/xds_dynamic/cluster_fixture.h"
#include "test/unit/xds_protocol/fake_clock.h"

namespace outrigger::xds::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;

class RequestedClustersTest : public ClusterManagerTest {
 protected:
  void SetUp() override {
    clock_ = &time_;
    ASSERT_TRUE(start({}, false).ok());
    source_.mutable_ads();
    demand_ = *manager_->demand(source_, "");
  }
  void TearDown() override { manager_.reset(); }  // before its clock
  void ask(const std::string& name, milliseconds timeout = milliseconds(5000)) {
    demand_->ask(name, timeout, [this, name] { answered_.push_back(name); });
    run();
  }
  void run() {
    while (!later_.empty()) {
      auto task = std::move(later_.front());
      later_.pop_front();
      task();
    }
  }
  UpdateResult answer(std::vector<Resource> added, std::vector<std::string> removed = {}) {
    auto results = server_.update(kClusterType, "a", {"", "v1", std::move(added), removed, false});
    EXPECT_EQ(results.size(), 1u);
    return results.empty() ? UpdateResult() : results.front().value_or(UpdateResult());
  }

  FakeClock time_;
  envoy::config::core::v3::ConfigSource source_;
  std::shared_ptr<const ClusterDemand> demand_;
  std::vector<std::string> answered_;
};

TEST_F(RequestedClustersTest, OneSubscriptionServesAllThatWaitForAName) {
  EXPECT_EQ(server_.asking(kClusterType, "a"), 0u) << "nobody has asked yet";
  ask("a");
  ask("a");
  EXPECT_EQ(server_.asking(kClusterType, "a"), 1u);
  EXPECT_THAT(server_.names, IsEmpty());
  EXPECT_THAT(server_.asked_again, IsEmpty());
  EXPECT_THAT(answered_, IsEmpty());
  EXPECT_THAT(answer({cluster("a")}).rejected, IsEmpty());
  EXPECT_THAT(answered_, ElementsAre("a", "a"));
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a")));
  // The next request that comes too late to see it on its own thread.
  ask("a");
  EXPECT_THAT(answered_, SizeIs(3));
}

TEST_F(RequestedClustersTest, WaitUntilTheClusterIsWarmAndEveryThreadHasIt) {
  sink_.slow = true;
  ask("a");
  answer({eds_cluster("a")});
  EXPECT_THAT(answered_, IsEmpty());
  EXPECT_THAT(sink_.clusters, IsEmpty());
  send_endpoints(assignment("a", {80}));
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a")));
  EXPECT_THAT(answered_, IsEmpty()) << "the threads have not heard of it";
  for (auto& then : std::exchange(sink_.waiting, {})) then();
  EXPECT_THAT(answered_, ElementsAre("a"));
}

TEST_F(RequestedClustersTest, AreGivenUpWhenTheServerHasNoneAndAskedForAgain) {
  ask("a");
  answer({}, {"a"});
  EXPECT_THAT(answered_, ElementsAre("a"));
  ask("a");
  EXPECT_THAT(server_.asked_again, ElementsAre("a"));
  EXPECT_THAT(server_.names, IsEmpty()) << "the subscription is as it was";
  ask("a");
  EXPECT_THAT(server_.asked_again, SizeIs(1)) << "the answer is on its way";
  answer({cluster("a")});
  EXPECT_THAT(answered_, SizeIs(3));
}

TEST_F(RequestedClustersTest, ATimeOutEndsOneRequestsWaitAndNotTheSubscription) {
  ask("a", milliseconds(100));
  time_.advance(milliseconds(60));
  ask("a", milliseconds(100));
  time_.advance(milliseconds(60));
  EXPECT_THAT(answered_, ElementsAre("a"));
  time_.advance(milliseconds(60));
  EXPECT_THAT(answered_, ElementsAre("a", "a"));
  answer({cluster("a")});
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a")));
  EXPECT_THAT(answered_, SizeIs(2));
}

TEST_F(RequestedClustersTest, OneThatIsRefusedIsNotWaitedFor) {
  ask("a");
  auto result = answer({cluster("a", ", connect_timeout: \"-1s\"")});
  ASSERT_THAT(result.rejected, SizeIs(1));
  EXPECT_THAT(result.rejected[0].reason, HasSubstr("connect_timeout"));
  EXPECT_THAT(answered_, ElementsAre("a"));
}

TEST_F(RequestedClustersTest, GoWhenTheServerRemovesThem) {
  ask("a");
  answer({cluster("a")});
  answer({}, {"a"});
  EXPECT_THAT(sink_.clusters, IsEmpty());
  answered_.clear();
  ask("a");
  EXPECT_THAT(answered_, IsEmpty());
  EXPECT_THAT(server_.asked_again, ElementsAre("a"));
}

TEST_F(RequestedClustersTest, StayWhenCdsListsOthers) {
  manager_.reset();
  ASSERT_TRUE(start().ok());
  demand_ = *manager_->demand(source_, "");
  ask("a");
  answer({cluster("a")});
  send_all({cluster("b")});
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a"), Key("b")));
  send_all({cluster("a"), cluster("b")});
  send_all({cluster("b")});
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("b"))) << "CDS knew it, and does not any more";
}

TEST_F(RequestedClustersTest, OneThatCdsBringsServesWhoWaits) {
  manager_.reset();
  ASSERT_TRUE(start().ok());
  demand_ = *manager_->demand(source_, "");
  ask("a");
  send_all({cluster("a")});
  EXPECT_THAT(answered_, ElementsAre("a"));
}

TEST_F(RequestedClustersTest, StaticOnesAreNotAskedFor) {
  manager_.reset();
  ASSERT_TRUE(start({"{name: \"own\"}"}, false).ok());
  demand_ = *manager_->demand(source_, "");
  ask("own");
  EXPECT_THAT(answered_, ElementsAre("own"));
  EXPECT_EQ(server_.asking(kClusterType, "own"), 0u);
}

TEST_F(RequestedClustersTest, NamesWithoutAClusterAreBounded) {
  ask("a", milliseconds(100));
  time_.advance(milliseconds(100));
  for (size_t i = 1; i < RequestedClusters::kMaxMissing; ++i) ask("n" + std::to_string(i));
  answered_.clear();
  ask("more");
  EXPECT_THAT(answered_, IsEmpty()) << "nobody waits for the first: it gives way";
  EXPECT_THAT(server_.names, SizeIs(RequestedClusters::kMaxMissing));
  EXPECT_THAT(server_.names, ::testing::Not(::testing::Contains("a")));
  ask("one too many");
  EXPECT_THAT(answered_, ElementsAre("one too many"));
}

TEST_F(RequestedClustersTest, EndWithTheirLastHolder) {
  ask("a");
  answer({cluster("a")});
  EXPECT_EQ(*manager_->demand(source_, ""), demand_);
  manager_->sweep();
  EXPECT_THAT(sink_.clusters, SizeIs(1));
  auto kept = demand_;
  demand_.reset();
  kept.reset();
  manager_->sweep();
  EXPECT_THAT(sink_.clusters, IsEmpty());
  EXPECT_EQ(server_.asking(kClusterType, "a"), 0u);
}

TEST_F(RequestedClustersTest, ASourceThatCannotBeAskedIsRefusedByItsField) {
  server_.refusal = absl::InvalidArgumentError("ads: only incremental xDS");
  source_.set_resource_api_version(envoy::config::core::v3::V3);
  auto refused = manager_->demand(source_, "");
  EXPECT_EQ(std::string(refused.status().message()), "source.ads: only incremental xDS");
}

}  // namespace
}  // namespace outrigger::xds::test
