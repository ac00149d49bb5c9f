// Clusters that come, change, are refused and go.
#include "test/unit/xds_dynamic/cluster_fixture.h"

namespace outrigger::xds::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;

class Clusters : public ClusterManagerTest {};

TEST_F(Clusters, AreInForceAsSoonAsTheyNeedNothing) {
  ASSERT_TRUE(start().ok());
  EXPECT_FALSE(initialized_) << "the first answer is still waited for";
  EXPECT_THAT(send_all({cluster("a"), cluster("b")}).rejected, IsEmpty());
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a"), Key("b")));
  EXPECT_TRUE(initialized_);
  EXPECT_NE(entry("a")->active(), nullptr);
  EXPECT_EQ(ledger_.version(kClusterType), "v1");
  EXPECT_EQ(stats().cluster_added.value(), 2u);
  EXPECT_EQ(stats().active_clusters.value(), 2);
  EXPECT_EQ(stats().warming_clusters.value(), 0);
}

TEST_F(Clusters, ThatDidNotChangeAreNotCompiledAgain) {
  ASSERT_TRUE(start().ok());
  send_all({cluster("a"), cluster("b")});
  auto a = sink_.clusters["a"].config;
  send_all({cluster("a"), cluster("b", ", connect_timeout: \"7s\"")});
  EXPECT_EQ(sink_.clusters["a"].config, a);
  EXPECT_EQ(sink_.clusters["b"].config->connect_timeout, std::chrono::seconds(7));
  EXPECT_EQ(sink_.sets, 3);
  EXPECT_EQ(stats().cluster_modified.value(), 1u);
}

TEST_F(Clusters, ThatAreNotNamedAnyMoreGo) {
  ASSERT_TRUE(start().ok());
  send_all({cluster("a"), cluster("b"), cluster("c")});
  send_all({cluster("a")});
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a")));
  EXPECT_EQ(entry("b"), nullptr);
  EXPECT_EQ(stats().cluster_removed.value(), 2u);
  EXPECT_EQ(stats().active_clusters.value(), 1);
  send({"", "v2", {cluster("d")}, {"a", "unknown"}, false});
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("d")));
}

TEST_F(Clusters, OneThatIsBadTakesNoOtherDown) {
  ASSERT_TRUE(start().ok());
  send_all({cluster("a"), cluster("b")});
  auto good = sink_.clusters["b"].config;
  auto result = send_all({cluster("a", ", connect_timeout: \"7s\""),
                          cluster("b", ", lrs_report_endpoint_metrics: [x]"),
                          cluster("c", ", connect_timeout: \"-1s\"")});
  ASSERT_THAT(result.rejected, SizeIs(2));
  EXPECT_EQ(result.rejected[0].name, "b");
  EXPECT_EQ(result.rejected[0].reason,
            "lrs_report_endpoint_metrics: is not supported by Outrigger");
  EXPECT_THAT(result.rejected[1].reason, HasSubstr("connect_timeout: "));
  EXPECT_EQ(sink_.clusters["b"].config, good);
  EXPECT_EQ(sink_.clusters["a"].config->connect_timeout, std::chrono::seconds(7));
  EXPECT_NE(entry("b")->active(), nullptr);
  EXPECT_EQ(entry("b")->rejected()->details, result.rejected[0].reason);
  EXPECT_EQ(entry("c")->active(), nullptr);
  EXPECT_TRUE(manager_->exists("b"));
  EXPECT_FALSE(manager_->exists("c"));
  send_all({cluster("a")});
  EXPECT_EQ(entry("c"), nullptr);
  EXPECT_EQ(stats().cluster_removed.value(), 1u) << "c was never there";
}

TEST_F(Clusters, AVersionThatIsRefusedIsTriedAgainWhenItComesAgain) {
  ASSERT_TRUE(start().ok());
  EXPECT_THAT(send_all({cluster("a", ", lrs_report_endpoint_metrics: [x]")}).rejected, SizeIs(1));
  EXPECT_TRUE(initialized_);
  EXPECT_THAT(send_all({cluster("a", ", lrs_report_endpoint_metrics: [x]")}).rejected, SizeIs(1));
  EXPECT_THAT(send_all({cluster("a")}).rejected, IsEmpty());
  EXPECT_EQ(entry("a")->rejected(), nullptr);
}

TEST_F(Clusters, TheSecondOfANameIsAnError) {
  ASSERT_TRUE(start().ok());
  auto result = send_all({cluster("a"), cluster("a", ", connect_timeout: \"7s\"")});
  ASSERT_THAT(result.rejected, SizeIs(1));
  EXPECT_EQ(result.rejected[0].reason, "duplicate cluster a found");
  EXPECT_EQ(sink_.clusters["a"].config->connect_timeout, std::chrono::seconds(5));
}

TEST_F(Clusters, OctetsAndTypesThatAreNoneAreRefused) {
  ASSERT_TRUE(start().ok());
  Resource garbage = cluster("a");
  garbage.body.set_value("\xff\xff");
  Resource listener = cluster("b");
  listener.body.set_type_url(std::string(kListenerType));
  Resource other_name = cluster("c");
  other_name.name = "d";
  EXPECT_THAT(send_all({garbage, listener, other_name}).rejected, SizeIs(3));
  EXPECT_THAT(sink_.clusters, IsEmpty());
}

TEST_F(Clusters, OfTheBootstrapStayAsTheyAre) {
  ASSERT_TRUE(start({"{name: s, connect_timeout: 3s}"}).ok());
  EXPECT_TRUE(manager_->exists("s"));
  EXPECT_THAT(send_all({cluster("s"), cluster("a")}).rejected, IsEmpty());
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("a")));
  EXPECT_EQ(entry("s"), nullptr);
  send_all({});
  EXPECT_TRUE(manager_->exists("s"));
}

TEST_F(Clusters, WithoutDiscoveryTheStaticOnesAreAll) {
  ASSERT_TRUE(start({"{name: s}"}, false).ok());
  EXPECT_TRUE(initialized_);
}

TEST_F(Clusters, ASourceThatCannotBeUsedIsNamed) {
  server_.refusal = absl::InvalidArgumentError("api_config_source.api_type: REST is not supported");
  EXPECT_EQ(std::string(start().message()),
            "dynamic_resources.cds_config.api_config_source.api_type: REST is not supported");
}

TEST_F(Clusters, AServerThatDoesNotAnswerDoesNotHoldTheStartUp) {
  ASSERT_TRUE(start().ok());
  server_.time_out(kClusterType, "");
  EXPECT_TRUE(initialized_);
  send_all({cluster("a")});
  EXPECT_THAT(sink_.clusters, SizeIs(1));
}

TEST_F(Clusters, ALargeUpdateIsWorkedOffInSlices) {
  slice_ = std::chrono::microseconds(0);
  ASSERT_TRUE(start().ok());
  std::vector<Resource> many;
  for (int i = 0; i < 5; ++i) many.push_back(cluster("c" + std::to_string(i)));
  std::optional<UpdateResult> result;
  auto results = server_.update(kClusterType, "", {"", "v1", many, {}, true});
  EXPECT_FALSE(results.front().has_value());
  EXPECT_THAT(sink_.clusters, SizeIs(1)) << "one in each slice";
  EXPECT_EQ(server_.paused[std::string(kListenerType)], 1) << "what names clusters waits";
  EXPECT_EQ(server_.paused[std::string(kRouteType)], 1);
  EXPECT_EQ(server_.paused[std::string(kEndpointType)], 0) << "endpoints go on between slices";
  size_t slices = 1;
  while (!later_.empty()) {
    auto task = std::move(later_.front());
    later_.pop_front();
    task();
    ++slices;
  }
  EXPECT_EQ(slices, 6u);
  EXPECT_THAT(sink_.clusters, SizeIs(5));
  EXPECT_TRUE(initialized_);
  EXPECT_EQ(server_.paused[std::string(kListenerType)], 0);
}

TEST_F(Clusters, AnUpdateIsAcknowledgedWhenEveryThreadHasIt) {
  sink_.slow = true;
  ASSERT_TRUE(start().ok());
  auto results = server_.update(kClusterType, "", {"", "v1", {cluster("a")}, {}, true});
  EXPECT_FALSE(results.front().has_value());
  EXPECT_FALSE(initialized_);
  EXPECT_EQ(server_.paused[std::string(kRouteType)], 1);
  ASSERT_THAT(sink_.waiting, SizeIs(1));
  sink_.waiting[0]();
  EXPECT_TRUE(initialized_);
  EXPECT_EQ(server_.paused[std::string(kRouteType)], 0);
}

TEST_F(Clusters, WhoGoesWhileASliceWaitsIsNotCalled) {
  slice_ = std::chrono::microseconds(0);
  ASSERT_TRUE(start().ok());
  server_.update(kClusterType, "", {"", "v1", {cluster("a"), cluster("b")}, {}, true});
  manager_.reset();
  for (auto& task : later_) task();
}

TEST_F(Clusters, ConnectionsMayGoOnWhereNothingAboutThemChanged) {
  ASSERT_TRUE(start().ok());
  send_all({cluster("a")});
  auto first = sink_.clusters["a"].config;
  ASSERT_NE(first->connection_identity, 0u);
  send_all({cluster(
      "a",
      ", lb_policy: RANDOM, connect_timeout: 3s, track_cluster_stats: {timeout_budgets: true}, "
      "circuit_breakers: {thresholds: [{max_retries: 9}]}")});
  auto second = sink_.clusters["a"].config;
  EXPECT_EQ(second->connection_identity, first->connection_identity);
  EXPECT_EQ(second->transport_socket, first->transport_socket);
  EXPECT_EQ(second->circuit_breakers[0].usage, first->circuit_breakers[0].usage);
  EXPECT_EQ(second->stats, first->stats) << "they count on";
  send_all({cluster("a", ", http2_protocol_options: {}")});
  auto third = sink_.clusters["a"].config;
  EXPECT_NE(third->connection_identity, first->connection_identity);
  EXPECT_EQ(third->circuit_breakers[0].usage, first->circuit_breakers[0].usage);
}

}  // namespace
}  // namespace outrigger::xds::test
