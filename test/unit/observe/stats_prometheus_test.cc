#include <gtest/gtest.h>

#include "test/unit/observe/stats_fixture.h"

namespace outrigger::observe {
namespace {

std::string prometheus(const StatsStore& store, const Parameters& parameters = {}) {
  return render(store, StatsQuery::Format::prometheus, parameters);
}

std::shared_ptr<const StatNames> names(const config::StatsConfig& config) {
  return StatNames::compile(config).value();
}

TEST(StatsPrometheus, MakesOneFamilyOfAllClusters) {
  StatsStore store;
  StatsScopePtr a = cluster_scope(store, "a"), b = cluster_scope(store, "b.c");
  auto& used = a->local<SampleStats>(0);
  used.upstream_rq_2xx.add(2);
  used.upstream_rq.inc(200);
  used.upstream_rq.inc(404);
  EXPECT_EQ(prometheus(store, {{"type", "Counters"}}),
            "# TYPE envoy_cluster_upstream_rq counter\n"
            "envoy_cluster_upstream_rq{envoy_response_code=\"200\",envoy_cluster_name=\"a\"} 1\n"
            "envoy_cluster_upstream_rq{envoy_response_code=\"404\",envoy_cluster_name=\"a\"} 1\n"
            "# TYPE envoy_cluster_upstream_rq_total counter\n"
            "envoy_cluster_upstream_rq_total{envoy_cluster_name=\"a\"} 0\n"
            "envoy_cluster_upstream_rq_total{envoy_cluster_name=\"b.c\"} 0\n"
            "# TYPE envoy_cluster_upstream_rq_xx counter\n"
            "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"2\",envoy_cluster_name="
            "\"a\"} 2\n"
            "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"5\",envoy_cluster_name="
            "\"a\"} 0\n"
            "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"2\",envoy_cluster_name="
            "\"b.c\"} 0\n"
            "envoy_cluster_upstream_rq_xx{envoy_response_code_class=\"5\",envoy_cluster_name="
            "\"b.c\"} 0\n");
}

TEST(StatsPrometheus, WritesEmptyBracesWithoutTags) {
  StatsStore store;
  StatsScopePtr server = store.scope<NestedStats>("server.worker-x.");
  EXPECT_EQ(prometheus(store),
            "# TYPE envoy_server_worker_x_rx_reset counter\n"
            "envoy_server_worker_x_rx_reset{} 0\n");
}

TEST(StatsPrometheus, WritesHistogramBuckets) {
  StatsStore store;
  StatsScopePtr a = cluster_scope(store, "a");
  auto& time = a->local<SampleStats>(0).upstream_rq_time;
  time.record(0);
  time.record(7);
  std::string text = prometheus(store, {{"type", "Histograms"}});
  EXPECT_TRUE(text.starts_with(
      "# TYPE envoy_cluster_upstream_rq_time histogram\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"0.5\"} 1\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"1\"} 1\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"5\"} 1\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"10\"} 2\n"))
      << text;
  EXPECT_TRUE(text.ends_with(
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"300000\"} 2\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"600000\"} 2\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"1800000\"} 2\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"3600000\"} 2\n"
      "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"a\",le=\"+Inf\"} 2\n"
      "envoy_cluster_upstream_rq_time_sum{envoy_cluster_name=\"a\"} 7\n"
      "envoy_cluster_upstream_rq_time_count{envoy_cluster_name=\"a\"} 2\n"))
      << text;
  EXPECT_NE(
      prometheus(store, {{"histogram_buckets", "summary"}})
          .find("envoy_cluster_upstream_rq_time{envoy_cluster_name=\"a\",quantile=\"0.995\"}"),
      std::string::npos);
}

TEST(StatsPrometheus, UsedOnlyLeavesNoEmptyFamilies) {
  StatsStore store;
  StatsScopePtr a = cluster_scope(store, "a"), b = cluster_scope(store, "b");
  b->local<SampleStats>(0).upstream_rq_total.inc();
  EXPECT_EQ(prometheus(store, {{"usedonly", ""}}),
            "# TYPE envoy_cluster_upstream_rq_total counter\n"
            "envoy_cluster_upstream_rq_total{envoy_cluster_name=\"b\"} 1\n");
}

TEST(StatsPrometheus, FiltersByTheNameWithItsTags) {
  StatsStore store;
  StatsScopePtr a = cluster_scope(store, "a"), b = cluster_scope(store, "b");
  EXPECT_EQ(prometheus(store, {{"filter", "cluster\\.b\\..*total"}}),
            "# TYPE envoy_cluster_upstream_rq_total counter\n"
            "envoy_cluster_upstream_rq_total{envoy_cluster_name=\"b\"} 0\n");
}

TEST(StatsPrometheus, EscapesLabelValues) {
  StatsStore store;
  StatsScopePtr odd = cluster_scope(store, "q\"b\\n\nx");
  EXPECT_NE(prometheus(store).find(R"({envoy_cluster_name="q\"b\\n\nx"} 0)"), std::string::npos);
}

TEST(StatsPrometheus, PrintsTagsInEnvoysOrder) {
  StatsStore store;
  StatsScopePtr http = store.scope<SampleStats>(
      "listener.0.0.0.0_80.http.in.", "listener.http.",
      {{"envoy.listener_address", "0.0.0.0_80"}, {"envoy.http_conn_manager_prefix", "in"}});
  EXPECT_NE(prometheus(store).find("envoy_listener_http_upstream_rq_xx{envoy_response_code_class="
                                   "\"2\",envoy_http_conn_manager_prefix=\"in\","
                                   "envoy_listener_address=\"0.0.0.0_80\"} 0\n"),
            std::string::npos);
}

TEST(StatsPrometheus, AppliesConfiguredTags) {
  config::StatsConfig config;
  config.tags = {{"fixed", "", "f"}, {"custom.one", "^cluster\\.((.*?)\\.)upstream_rq_t", ""}};
  StatsStore store;
  store.set_names(names(config));
  StatsScopePtr a = cluster_scope(store, "a"), server = store.scope<NestedStats>("server.");
  std::string text = prometheus(store, {{"type", "Counters"}});
  EXPECT_NE(text.find("envoy_cluster_upstream_rq_total{fixed=\"f\",envoy_cluster_name=\"a\","
                      "custom_one=\"a\"} 0\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("envoy_server_rx_reset{fixed=\"f\"} 0\n"), std::string::npos) << text;
  // Once only, though its group has it too.
  size_t first = text.find("envoy_cluster_upstream_rq_total{");
  EXPECT_EQ(text.find("envoy_cluster_upstream_rq_total{", first + 1), std::string::npos) << text;
}

TEST(StatsPrometheus, TakesACustomTagOutOfTheName) {
  config::StatsConfig config;
  config.tags = {{"flavour", "(_(red|blue)$)", ""}};
  StatsStore store;
  store.set_names(names(config));
  StatsScopePtr a = store.scope<NestedStats>("custom.paint_red.");
  EXPECT_EQ(prometheus(store),
            "# TYPE envoy_custom_paint_red_rx_reset counter\n"
            "envoy_custom_paint_red_rx_reset{} 0\n");
  config.tags[0].pattern = "(_(red|blue))";
  store.set_names(names(config));
  EXPECT_EQ(prometheus(store),
            "# TYPE envoy_custom_paint_rx_reset counter\n"
            "envoy_custom_paint_rx_reset{flavour=\"red\"} 0\n");
}

TEST(StatsPrometheus, AConfiguredTagTakesTheDefaultsPlace) {
  config::StatsConfig config;
  config.tags = {{"envoy.cluster_name", "^cluster\\.((.*?)\\.)", ""}};
  StatsStore store;
  store.set_names(names(config));
  StatsScopePtr a = cluster_scope(store, "a.b");
  std::string text = prometheus(store, {{"type", "Counters"}});
  EXPECT_NE(text.find("envoy_cluster_b_upstream_rq_total{envoy_cluster_name=\"a\"} 0\n"),
            std::string::npos)
      << text;
}

TEST(StatsPrometheus, LeavesDisabledDefaultTagsInTheName) {
  config::StatsConfig config;
  config.use_all_default_tags = false;
  config.tags = {{"envoy.response_code_class", "", ""}};
  StatsStore store;
  store.set_names(names(config));
  StatsScopePtr a = cluster_scope(store, "a");
  a->local<SampleStats>(0).upstream_rq.inc(204);
  std::string text = prometheus(store, {{"type", "Counters"}});
  EXPECT_NE(text.find("envoy_cluster_a_upstream_rq_xx{envoy_response_code_class=\"2\"} 0\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("envoy_cluster_a_upstream_rq_204{} 1\n"), std::string::npos) << text;
}

TEST(StatNames, MatcherHidesStatistics) {
  config::StatsConfig config;
  config.match = config::StatsConfig::Match::exclude;
  config.patterns = {{config::StringMatcher::Kind::suffix, false, "xx", nullptr}};
  StatsStore store;
  store.set_names(names(config));
  StatsScopePtr a = cluster_scope(store, "a");
  EXPECT_EQ(prometheus(store).find("_xx"), std::string::npos);
  EXPECT_NE(prometheus(store).find("upstream_rq_total"), std::string::npos);

  config.match = config::StatsConfig::Match::include;
  store.set_names(names(config));
  EXPECT_EQ(render(store, StatsQuery::Format::text),
            "cluster.a.upstream_rq_2xx: 0\ncluster.a.upstream_rq_5xx: 0\n");
  config.match = config::StatsConfig::Match::none;
  store.set_names(names(config));
  EXPECT_EQ(prometheus(store), "");
}

TEST(StatNames, BucketsAreConfigurable) {
  config::StatsConfig config;
  config.histogram_buckets = {
      {{config::StringMatcher::Kind::suffix, false, "rq_time", nullptr}, {1, 5.5}}};
  StatsStore store;
  store.set_names(names(config));
  StatsScopePtr a = cluster_scope(store, "a");
  std::string text = prometheus(store, {{"type", "Histograms"}});
  EXPECT_NE(text.find("le=\"5.5\"} 0\nenvoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="
                      "\"a\",le=\"+Inf\"} 0\n"),
            std::string::npos)
      << text;
}

TEST(StatNames, NamesTheTagWhoseRegexIsNone) {
  config::StatsConfig config;
  config.tags = {{"broken", "(", ""}};
  auto compiled = StatNames::compile(config);
  ASSERT_FALSE(compiled.ok());
  EXPECT_NE(compiled.status().message().find("broken"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::observe
