#include "proxy/observe/stats_render.h"

#include <gtest/gtest.h>

#include "test/unit/observe/stats_fixture.h"

namespace outrigger::observe {
namespace {

using Format = StatsQuery::Format;

class StatsRenderTest : public testing::Test {
 protected:
  StatsRenderTest() {
    auto& a = backend_->local<SampleStats>(0);
    a.upstream_rq_total.add(3);
    a.upstream_rq_2xx.add(2);
    a.upstream_rq_5xx.add(1);
    a.upstream_rq.inc(200);
    a.upstream_rq.inc(200);
    a.upstream_rq.inc(503);
    a.upstream_cx_active.set(1);
    a.upstream_rq_time.record(0);
    a.upstream_rq_time.record(3);
  }

  StatsStore store_;
  StatsScopePtr backend_ = cluster_scope(store_, "backend");
  StatsScopePtr nested_ = store_.scope<NestedStats>("cluster.backend.http2.", "cluster.http2.",
                                                    {{"envoy.cluster_name", "backend"}});
  StatsScopePtr idle_ = cluster_scope(store_, "idle");
};

TEST_F(StatsRenderTest, TextIsSortedNumbersThenHistograms) {
  store_.flush();
  EXPECT_EQ(render(store_, Format::text),
            "cluster.backend.http2.rx_reset: 0\n"
            "cluster.backend.upstream_cx_active: 1\n"
            "cluster.backend.upstream_rq_200: 2\n"
            "cluster.backend.upstream_rq_2xx: 2\n"
            "cluster.backend.upstream_rq_503: 1\n"
            "cluster.backend.upstream_rq_5xx: 1\n"
            "cluster.backend.upstream_rq_total: 3\n"
            "cluster.idle.upstream_cx_active: 0\n"
            "cluster.idle.upstream_rq_2xx: 0\n"
            "cluster.idle.upstream_rq_5xx: 0\n"
            "cluster.idle.upstream_rq_total: 0\n"
            "cluster.backend.upstream_rq_time: P0(0,0) P25(0,0) P50(0,0) P75(3.05,3.05) "
            "P90(3.05,3.05) P95(3.05,3.05) P99(3.05,3.05) P99.5(3.05,3.05) P99.9(3.05,3.05) "
            "P100(3.05,3.05)\n"
            "cluster.idle.upstream_rq_time: No recorded values\n");
}

#define OUTRIGGER_EARLY_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) COUNTER(early)
#define OUTRIGGER_FIRST_VALUE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) COUNTER(a) HISTOGRAM(b)
OUTRIGGER_STATS_STRUCT(PartlyUsedStats, false,
                       OUTRIGGER_STATS_MEMBERS(OUTRIGGER_EARLY_STATS)
                           OUTRIGGER_STATS_MEMBERS(OUTRIGGER_FIRST_VALUE_STATS),
                       OUTRIGGER_STATS_FIELDS(OUTRIGGER_EARLY_STATS)
                           OUTRIGGER_STATS_ONCE_USED(OUTRIGGER_FIRST_VALUE_STATS))
OUTRIGGER_DEFINE_LATE_STATS(LateStats, OUTRIGGER_EARLY_STATS)

struct TwoParts {
  PartlyUsedStats one, two;
  static const StatsLayout& layout() {
    static const NestedStatFields kFields(
        {{"one", PartlyUsedStats::layout(), offsetof(TwoParts, one)},
         {"two", PartlyUsedStats::layout(), offsetof(TwoParts, two)}});
    static const StatsLayout kLayout = layout_of<TwoParts>(kFields.fields());
    return kLayout;
  }
};

TEST(StatsRender, WhatEnvoyMakesWithItsFirstValueIsListedThen) {
  StatsStore store;
  StatsScopePtr scope = store.scope<TwoParts>("x.");
  EXPECT_EQ(render(store, Format::text), "x.one.early: 0\nx.two.early: 0\n");
  scope->local<TwoParts>(0).two.a.inc();
  EXPECT_EQ(render(store, Format::text), "x.one.early: 0\nx.two.a: 1\nx.two.early: 0\n");
  EXPECT_EQ(render(store, Format::prometheus),
            "# TYPE envoy_x_one_early counter\nenvoy_x_one_early{} 0\n"
            "# TYPE envoy_x_two_a counter\nenvoy_x_two_a{} 1\n"
            "# TYPE envoy_x_two_early counter\nenvoy_x_two_early{} 0\n");
}

TEST(StatsRender, LateScopesAreListedWithTheFirstWhoUsesThem) {
  StatsStore store;
  StatsScopePtr scope = store.scope<LateStats>("x.");
  EXPECT_EQ(render(store, Format::text), "");
  EXPECT_EQ(render(store, Format::prometheus), "");
  scope->local<LateStats>(3);
  EXPECT_EQ(render(store, Format::text), "x.early: 0\n");
  EXPECT_EQ(render(store, Format::prometheus), "# TYPE envoy_x_early counter\nenvoy_x_early{} 0\n");
}

TEST_F(StatsRenderTest, TextOfAnIntervalWithoutValuesIsNan) {
  EXPECT_NE(render(store_, Format::text).find("upstream_rq_time: P0(nan,0) P25(nan,0)"),
            std::string::npos);
}

TEST_F(StatsRenderTest, UsedOnlyShowsWhatWasWritten) {
  EXPECT_EQ(render(store_, Format::text, {{"usedonly", ""}, {"type", "Gauges"}}),
            "cluster.backend.upstream_cx_active: 1\n");
  std::string all = render(store_, Format::text, {{"usedonly", ""}});
  EXPECT_EQ(all.find("idle"), std::string::npos);
  EXPECT_EQ(all.find("http2"), std::string::npos);
  EXPECT_NE(all.find("upstream_rq_time"), std::string::npos);
}

TEST_F(StatsRenderTest, FiltersByPartOfTheName) {
  EXPECT_EQ(render(store_, Format::text, {{"filter", "rq_(total|503)$"}}),
            "cluster.backend.upstream_rq_503: 1\n"
            "cluster.backend.upstream_rq_total: 3\n"
            "cluster.idle.upstream_rq_total: 0\n");
  EXPECT_EQ(render(store_, Format::json, {{"filter", "nothing"}}), R"({"stats":[]})");
}

TEST_F(StatsRenderTest, ChoosesByType) {
  EXPECT_EQ(render(store_, Format::text, {{"type", "TextReadouts"}}), "");
  EXPECT_EQ(render(store_, Format::text, {{"type", "Histograms"}, {"filter", "idle"}}),
            "cluster.idle.upstream_rq_time: No recorded values\n");
  EXPECT_EQ(render(store_, Format::text, {{"type", "Counters"}, {"filter", "http2"}}),
            "cluster.backend.http2.rx_reset: 0\n");
}

#define OUTRIGGER_TEXT_SAMPLE(COUNTER, GAUGE, HISTOGRAM, CODES, TEXT) \
  COUNTER(update_success)                                             \
  TEXT(version_text)
OUTRIGGER_DEFINE_TEXT_STATS(TextSample, OUTRIGGER_TEXT_SAMPLE)

TEST_F(StatsRenderTest, TextsComeFirst) {
  StatsScopePtr one = store_.scope<TextSample>("cds.");
  StatsScopePtr other = store_.scope<TextSample>("lds.");
  one->local<TextSample>(StatsScope::kMainThread).version_text.set("before");
  one->local<TextSample>(StatsScope::kMainThread).version_text.set("a \"1\"");
  std::string all = render(store_, Format::text);
  EXPECT_TRUE(all.starts_with("cds.version_text: \"a \"1\"\"\nlds.version_text: \"\"\ncds."))
      << all;
  EXPECT_EQ(render(store_, Format::text, {{"type", "TextReadouts"}, {"usedonly", ""}}),
            "cds.version_text: \"a \"1\"\"\n");
  EXPECT_EQ(render(store_, Format::json, {{"type", "TextReadouts"}, {"filter", "cds"}}),
            R"({"stats":[{"name":"cds.version_text","value":"a \"1\""}]})");
  EXPECT_EQ(render(store_, Format::prometheus, {{"filter", "cds"}}),
            "# TYPE envoy_cds_update_success counter\nenvoy_cds_update_success{} 0\n");
  EXPECT_EQ(render(store_, Format::prometheus, {{"text_readouts", ""}, {"filter", "cds.v"}}),
            "# TYPE envoy_cds_version_text gauge\n"
            "envoy_cds_version_text{text_value=\"a \\\"1\\\"\"} 0\n");
}

TEST_F(StatsRenderTest, RefusesWhatEnvoyRefuses) {
  EXPECT_EQ(render(store_, Format::text, {{"type", "Foo"}}), "error: invalid &type= param");
  EXPECT_EQ(render(store_, Format::text, {{"filter", "("}}),
            "error: Invalid re2 regex: missing ): (");
  EXPECT_EQ(render(store_, Format::text, {{"format", "xml"}}).substr(0, 6), "error:");
  EXPECT_EQ(render(store_, Format::text, {{"histogram_buckets", "x"}}).substr(0, 6), "error:");
}

TEST_F(StatsRenderTest, JsonHasValuesAndOneHistogramsObject) {
  EXPECT_EQ(render(store_, Format::json, {{"type", "Gauges"}}),
            R"({"stats":[{"name":"cluster.backend.upstream_cx_active","value":1},)"
            R"({"name":"cluster.idle.upstream_cx_active","value":0}]})");
  std::string histograms = render(store_, Format::json, {{"type", "Histograms"}});
  EXPECT_TRUE(histograms.starts_with(
      R"({"stats":[{"histograms":{"supported_quantiles":[0,25,50,75,90,95,99,99.5,99.9,100],)"
      R"("computed_quantiles":[{"name":"cluster.backend.upstream_rq_time",)"))
      << histograms;
  EXPECT_NE(histograms.find(R"("values":[{"cumulative":0,"interval":null},)"), std::string::npos);
  EXPECT_NE(histograms.find(R"({"cumulative":3.05,"interval":null}]},{"name":"cluster.idle)"),
            std::string::npos);
  EXPECT_TRUE(histograms.ends_with(R"({"cumulative":null,"interval":null}]}]}}]})"));
}

TEST_F(StatsRenderTest, BucketsAreCumulativeOrDisjoint) {
  Parameters query = {{"type", "Histograms"}, {"filter", "backend"}};
  query.emplace_back("histogram_buckets", "cumulative");
  std::string text = render(store_, Format::text, query);
  EXPECT_TRUE(
      text.starts_with("cluster.backend.upstream_rq_time: B0.5(0,1) B1(0,1) B5(0,2) B10(0,2)"))
      << text;
  EXPECT_TRUE(text.ends_with(" B600000(0,2) B1.8e+06(0,2) B3.6e+06(0,2)\n")) << text;
  EXPECT_TRUE(
      render(store_, Format::json, query)
          .starts_with(R"({"stats":[{"histograms":[{"name":"cluster.backend.upstream_rq_)"
                       R"(time","buckets":[{"upper_bound":0.5,"interval":0,"cumulative":1})"));
  query.back().second = "disjoint";
  EXPECT_TRUE(render(store_, Format::text, query)
                  .starts_with("cluster.backend.upstream_rq_time: B0.5(0,1) B1(0,0) B5(0,1) "));
  EXPECT_NE(render(store_, Format::json, query)
                .find(R"({"upper_bound":3e+05,"interval":0,"cumulative":0})"),
            std::string::npos);
}

TEST_F(StatsRenderTest, DetailedShowsBins) {
  Parameters query = {
      {"type", "Histograms"}, {"filter", "backend"}, {"histogram_buckets", "detailed"}};
  store_.flush();
  EXPECT_TRUE(render(store_, Format::text, query)
                  .starts_with("cluster.backend.upstream_rq_time:\n  totals=0,0:1, 3,0.1:1\n"
                               "  intervals=0,0:1, 3,0.1:1\n  summary=P0(0,0) "));
  EXPECT_NE(render(store_, Format::json, query)
                .find(R"("totals":[{"lower_bound":0,"width":0,"count":1},)"
                      R"({"lower_bound":3,"width":0.1,"count":1}],"intervals":[)"),
            std::string::npos);
}

TEST_F(StatsRenderTest, ComesInPieces) {
  std::vector<StatsScopePtr> many;
  for (int i = 0; i < 3000; ++i) many.push_back(cluster_scope(store_, std::to_string(i)));
  absl::StatusOr<StatsQuery> query = parse_stats_query({}, Format::text);
  size_t largest = 0, pieces = 0;
  render_stats(store_, *query, [&](std::string_view piece) {
    largest = std::max(largest, piece.size());
    ++pieces;
  });
  EXPECT_GT(pieces, 3u);
  EXPECT_LT(largest, 2 * StatsRender::kPieceBytes);
}

}  // namespace
}  // namespace outrigger::observe
