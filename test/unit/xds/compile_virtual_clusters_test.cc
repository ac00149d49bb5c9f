// Virtual clusters and counted routes, compiled: names and tags of their statistics.
#include <string>

#include "google/protobuf/util/json_util.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/route/request.h"
#include "test/unit/xds/fake_route_context.h"
#include "xds/compile_route.h"

namespace outrigger::xds {
namespace {

using ::testing::HasSubstr;

class CompileVirtualClusters : public ::testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const config::RouteTable>> compile(const std::string& host) {
    envoy::config::route::v3::RouteConfiguration message;
    auto parsed = google::protobuf::util::JsonStringToMessage(
        R"({"virtual_hosts": [{"domains": ["*"], )" + host + "}]}", &message);
    EXPECT_TRUE(parsed.ok()) << std::string(parsed.message());
    return compile_route_table(message, context_);
  }
  FakeRouteContext context_;
};

std::string tags_of(const StatsScope& scope) {
  std::string out;
  for (const StatTag& tag : scope.tags()) out += tag.name + "=" + tag.value + " ";
  return out;
}

TEST_F(CompileVirtualClusters, TheFirstWhoseConditionsAllHoldCounts) {
  auto table = compile(R"("name": "shop", "virtual_clusters": [
    {"name": "reads", "headers": [{"name": ":method", "string_match": {"exact": "GET"}},
                                  {"name": "x-a", "present_match": true}]},
    {"name": "gets", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]}])");
  ASSERT_TRUE(table.ok()) << table.status();
  const config::VirtualClusters& clusters = *(*table)->hosts[0].virtual_clusters;
  EXPECT_EQ(clusters.find(route::TestMessage({}).headers), nullptr);
  const auto* gets = clusters.find(route::TestMessage({{":method", "GET"}}).headers);
  ASSERT_NE(gets, nullptr);
  EXPECT_EQ(gets->name, "gets");
  const auto* reads = clusters.find(route::TestMessage({{":method", "GET"}, {"x-a", "1"}}).headers);
  ASSERT_NE(reads, nullptr);
  const StatsScope& stats = *reads->stats;
  EXPECT_EQ(stats.prefix(), "vhost.shop.vcluster.reads.");
  EXPECT_EQ(stats.extracted_prefix(), "vhost.vcluster.");
  EXPECT_EQ(tags_of(stats), "envoy.virtual_cluster=reads envoy.virtual_host=shop ");
  EXPECT_EQ(clusters.other->prefix(), "vhost.shop.vcluster.other.");
}

TEST_F(CompileVirtualClusters, TagsEndAtADotAsEnvoysDo) {
  auto table = compile(R"("name": "shop.demo", "virtual_clusters": [
    {"name": "a.b", "headers": [{"name": "x", "present_match": true}]}])");
  ASSERT_TRUE(table.ok()) << table.status();
  const StatsScope& stats = *(*table)->hosts[0].virtual_clusters->entries[0].stats;
  EXPECT_EQ(stats.prefix(), "vhost.shop.demo.vcluster.a.b.");
  EXPECT_EQ(stats.extracted_prefix(), "vhost.demo.vcluster.a.b.");
  EXPECT_EQ(tags_of(stats), "envoy.virtual_host=shop ");
}

TEST_F(CompileVirtualClusters, ARouteIsCountedByItsStatPrefix) {
  auto table = compile(R"("name": "shop", "routes": [
    {"match": {"prefix": "/a"}, "stat_prefix": "v1.a", "non_forwarding_action": {}},
    {"match": {"prefix": "/"}, "non_forwarding_action": {}}])");
  ASSERT_TRUE(table.ok()) << table.status();
  const config::VirtualHost& host = (*table)->hosts[0];
  EXPECT_EQ(host.virtual_clusters, nullptr);
  ASSERT_NE(host.routes[0].stats, nullptr);
  EXPECT_EQ(host.routes[0].stats->prefix(), "vhost.shop.route.v1.a.");
  EXPECT_EQ(host.routes[0].stats->extracted_prefix(), "vhost.route.a.");
  EXPECT_EQ(tags_of(*host.routes[0].stats), "envoy.virtual_host=shop envoy.route=v1 ");
  EXPECT_EQ(host.routes[1].stats, nullptr);
}

TEST_F(CompileVirtualClusters, OneWithoutConditionsIsRefused) {
  auto table = compile(R"("name": "shop", "virtual_clusters": [{"name": "all"}])");
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(std::string(table.status().message()),
              HasSubstr("virtual_hosts[0].virtual_clusters[0].headers: value is required"));
}

}  // namespace
}  // namespace outrigger::xds
