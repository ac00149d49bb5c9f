#include "proxy/route/weighted.h"

#include <map>

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

config::ForwardAction ninety_ten() {
  config::ForwardAction action;
  for (auto [name, weight] :
       {std::pair("stable", 90u), std::pair("off", 0u), std::pair("canary", 10u)}) {
    config::WeightedCluster cluster;
    cluster.cluster.name = name;
    cluster.cluster.slot = weight;
    cluster.weight = weight;
    action.weighted.push_back(cluster);
    action.total_weight += weight;
  }
  return action;
}

TEST(ChooseCluster, FollowsTheWeightsExactly) {
  config::ForwardAction action = ninety_ten();
  TestMessage request{};
  std::map<std::string_view, int> count;
  for (uint64_t random = 0; random < 1000; ++random) {
    ++count[choose_cluster(action, request.input(random)).name];
  }
  EXPECT_EQ(count["stable"], 900);
  EXPECT_EQ(count["canary"], 100);
  EXPECT_EQ(count.size(), 2u);
}

TEST(ChooseCluster, TellsWhichEntryItWas) {
  config::ForwardAction action = ninety_ten();
  TestMessage request{};
  ClusterChoice choice = choose_cluster(action, request.input(95));
  EXPECT_EQ(choice.name, "canary");
  EXPECT_EQ(choice.slot, 10u);
  EXPECT_EQ(choice.weighted, &action.weighted[2]);
}

TEST(ChooseCluster, TakesTheNumberFromAHeaderThatHasOne) {
  config::ForwardAction action = ninety_ten();
  action.weight_header = "x-number";
  auto name = [&action](TestMessage::Fields fields) {
    TestMessage request(fields);
    return std::string(choose_cluster(action, request.input(0)).name);
  };
  EXPECT_EQ(name({{"x-number", "190"}}), "canary");
  EXPECT_EQ(name({{"x-number", "18446744073709551615"}}), "stable");
  EXPECT_EQ(name({{"x-number", "95x"}}), "stable");
  EXPECT_EQ(name({{"x-number", "95"}, {"x-number", "95"}}), "stable");
  EXPECT_EQ(name({}), "stable");
}

TEST(ChooseCluster, NamesTheClusterByAHeader) {
  config::ForwardAction action;
  action.cluster_header = "x-cluster";
  TestMessage request{{"x-cluster", "there"}};
  EXPECT_EQ(choose_cluster(action, request.input(0)).name, "there");
  EXPECT_EQ(choose_cluster(action, request.input(0)).slot, config::ClusterRef::kNoSlot);
  TestMessage without{};
  EXPECT_EQ(choose_cluster(action, without.input(0)).name, "");
}

TEST(ChooseCluster, OfAMirror) {
  config::MirrorPolicy mirror;
  mirror.cluster = {"shadow", 3};
  TestMessage request{{"x-shadow", "other"}};
  EXPECT_EQ(choose_cluster(mirror, request.headers).slot, 3u);
  mirror.cluster_header = "x-shadow";
  EXPECT_EQ(choose_cluster(mirror, request.headers).name, "other");
}

}  // namespace
}  // namespace outrigger::route
