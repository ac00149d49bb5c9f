// Clusters that wait for their endpoints, addresses and secrets before they are in force.
#include "api/stats_cluster.h"
#include "api/stats_xds.h"
#include "test/unit/xds_dynamic/cluster_fixture.h"

namespace outrigger::xds::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;

class Warming : public ClusterManagerTest {};

TEST_F(Warming, AnEdsClusterWaitsForItsEndpoints) {
  ASSERT_TRUE(start().ok());
  EXPECT_THAT(send_all({eds_cluster("a"), cluster("b")}).rejected, IsEmpty());
  EXPECT_THAT(sink_.clusters, ElementsAre(Key("b")));
  EXPECT_NE(entry("a")->warming(), nullptr);
  EXPECT_EQ(stats().warming_clusters.value(), 1);
  EXPECT_FALSE(initialized_);
  auto waiting = manager_->unready();
  ASSERT_THAT(waiting, SizeIs(2));
  EXPECT_THAT(waiting[0]->unready(), ElementsAre("Cluster a"));
  EXPECT_THAT(waiting[1]->unready(), ElementsAre("EDS a"));
  EXPECT_THAT(send_endpoints(assignment("a", {80, 81})).rejected, IsEmpty());
  EXPECT_EQ(hosts(sink_.clusters["a"]), 2u);
  EXPECT_NE(entry("a")->active(), nullptr);
  EXPECT_EQ(entry("a")->warming(), nullptr);
  EXPECT_NE(entry("a", kEndpointType)->active(), nullptr);
  EXPECT_EQ(stats().warming_clusters.value(), 0);
  EXPECT_TRUE(initialized_);
}

TEST_F(Warming, EndpointsThatDoNotComeAreNotWaitedForForever) {
  ASSERT_TRUE(start().ok());
  send_all({eds_cluster("a")});
  server_.time_out(kEndpointType, "a");
  EXPECT_EQ(hosts(sink_.clusters["a"]), 0u);
  EXPECT_TRUE(initialized_);
  EXPECT_TRUE(entry("a", kEndpointType)->does_not_exist());
  send_endpoints(assignment("a", {80}));
  EXPECT_EQ(hosts(sink_.clusters["a"]), 1u);
}

TEST_F(Warming, AssignmentsThatAreRefusedLeaveTheWait) {
  ASSERT_TRUE(start().ok());
  send_all({eds_cluster("a")});
  auto result = send_endpoints(assignment("a", {70000}));
  ASSERT_THAT(result.rejected, SizeIs(1));
  EXPECT_THAT(result.rejected[0].reason,
              HasSubstr("endpoints[0].lb_endpoints[0].endpoint.address.socket_address.port_value"));
  EXPECT_FALSE(initialized_);
  EXPECT_NE(entry("a", kEndpointType)->rejected(), nullptr);
}

TEST_F(Warming, TheOldVersionServesMeanwhileAndTheNewOneTakesItsEndpoints) {
  ASSERT_TRUE(start().ok());
  send_all({cluster("a")});
  auto old = sink_.clusters["a"].config;
  send_all({eds_cluster("a")});
  EXPECT_EQ(sink_.clusters["a"].config, old);
  send_endpoints(assignment("a", {80}));
  EXPECT_NE(sink_.clusters["a"].config, old);
  send_all({eds_cluster("a", ", lb_policy: RANDOM")});
  EXPECT_EQ(sink_.clusters["a"].config->balancer, config::Cluster::Balancer::random)
      << "the assignment is there";
  EXPECT_EQ(hosts(sink_.clusters["a"]), 1u);
  EXPECT_EQ(server_.asking(kEndpointType, "a"), 1u) << "one subscription for all versions";
}

TEST_F(Warming, ANewVersionReplacesOneThatStillWaits) {
  ASSERT_TRUE(start().ok());
  send_all({eds_cluster("a")});
  send_all({cluster("a", ", connect_timeout: \"7s\"")});
  EXPECT_EQ(sink_.clusters["a"].config->connect_timeout, std::chrono::seconds(7));
  EXPECT_EQ(server_.asking(kEndpointType, "a"), 0u);
  EXPECT_EQ(stats().warming_clusters.value(), 0);
  EXPECT_TRUE(initialized_);
}

TEST_F(Warming, TheVersionInForceMayComeBackBeforeTheNewOneIsWarm) {
  ASSERT_TRUE(start().ok());
  send_all({cluster("a")});
  auto old = sink_.clusters["a"].config;
  send_all({eds_cluster("a")});
  send_all({cluster("a")});
  EXPECT_EQ(sink_.clusters["a"].config, old);
  EXPECT_EQ(server_.asking(kEndpointType, "a"), 0u);
  EXPECT_EQ(entry("a")->warming(), nullptr);
  EXPECT_EQ(stats().warming_clusters.value(), 0);
}

TEST_F(Warming, ARemovedClusterEndsItsSubscription) {
  ASSERT_TRUE(start().ok());
  send_all({eds_cluster("a"), eds_cluster("b")});
  send_endpoints(assignment("a", {80}));
  send_all({});
  EXPECT_THAT(sink_.clusters, IsEmpty());
  EXPECT_EQ(server_.asking(kEndpointType, "a"), 0u);
  EXPECT_EQ(server_.asking(kEndpointType, "b"), 0u);
  EXPECT_EQ(entry("a", kEndpointType), nullptr);
  EXPECT_TRUE(initialized_);
  EXPECT_EQ(stats().active_clusters.value(), 0);
  EXPECT_EQ(stats().warming_clusters.value(), 0);
}

TEST_F(Warming, ADnsClusterWaitsForItsAddresses) {
  ASSERT_TRUE(start().ok());
  std::string dns =
      ", type: STRICT_DNS, load_assignment: {cluster_name: a, endpoints: [{lb_endpoints:"
      " [{endpoint: {address: {socket_address: {address: \"h\", port_value: 1}}}}]}]}";
  send_all({cluster("a", dns)});
  EXPECT_THAT(sink_.clusters, IsEmpty());
  sink_.warming.at("a")();
  EXPECT_THAT(sink_.clusters, SizeIs(1));
  EXPECT_EQ(sink_.clusters["a"].endpoints, nullptr) << "DNS has them";
  send_all({cluster("a", dns + ", connect_timeout: 9s")});
  EXPECT_EQ(sink_.warming.size(), 1u);
  send_all({cluster("a", dns)});
  EXPECT_THAT(sink_.warming, IsEmpty()) << "the version in force came back";
}

TEST_F(Warming, EndpointsOfAStaticClusterComeBeforeTheFirstCluster) {
  ASSERT_TRUE(
      start(
          {R"({name: s, type: EDS, eds_cluster_config: {service_name: svc, eds_config: {ads: {}}}})"})
          .ok());
  EXPECT_EQ(server_.asking(kClusterType, ""), 0u);
  EXPECT_EQ(server_.asking(kEndpointType, "svc"), 1u);
  send_endpoints(assignment("svc", {80}));
  EXPECT_EQ(hosts(sink_.clusters["s"]), 1u);
  EXPECT_EQ(server_.asking(kClusterType, ""), 1u);
}

TEST_F(Warming, SeveralClustersMayShareAServiceName) {
  ASSERT_TRUE(start().ok());
  auto sharing = [](const std::string& name) {
    return cluster(name,
                   ", type: EDS, eds_cluster_config: {service_name: svc, eds_config: {ads: {}}}");
  };
  send_all({sharing("a"), sharing("b")});
  send_endpoints(assignment("svc", {80}));
  EXPECT_EQ(hosts(sink_.clusters["a"]), 1u);
  EXPECT_EQ(hosts(sink_.clusters["b"]), 1u);
  send_all({sharing("b")});
  EXPECT_NE(entry("svc", kEndpointType), nullptr) << "b still knows it";
}

TEST_F(Warming, AnEmptyAssignmentEmptiesAndARemovalDoesNot) {
  ASSERT_TRUE(start().ok());
  send_all({eds_cluster("a")});
  send_endpoints(assignment("a", {80}));
  server_.update(kEndpointType, "a", {"", "v2", {}, {"a"}, false});
  EXPECT_EQ(hosts(sink_.clusters["a"]), 1u);
  send_endpoints(assignment("a", {}));
  EXPECT_EQ(hosts(sink_.clusters["a"]), 0u);
}

TEST_F(Warming, StatisticsHaveOneOwnerEach) {
  ASSERT_TRUE(start().ok());
  send_all({eds_cluster("a")});
  send_endpoints(assignment("a", {80}));
  send_endpoints(assignment("a", {80}));
  auto& counted =
      sink_.clusters["a"].config->config_stats->local<ClusterConfigStats>(StatsScope::kMainThread);
  EXPECT_EQ(counted.update_no_rebuild.value(), 1u);
  size_t attempts = 0;
  for (const auto& scope : stats_.scopes()) {
    if (scope->prefix() != "cluster.a.") continue;
    for (const StatField& field : scope->layout().fields)
      attempts += std::string_view(field.name) == "update_attempt" ? 1 : 0;
  }
  EXPECT_EQ(attempts, 1u);
}

}  // namespace
}  // namespace outrigger::xds::test
