#include "proxy/observe/histogram_summary.h"

#include <cmath>

#include <gtest/gtest.h>

namespace outrigger::observe {
namespace {

HistogramSummary summary_of(std::initializer_list<uint64_t> values) {
  Histogram histogram;
  for (uint64_t value : values) histogram.record(value);
  HistogramSummary summary;
  summary.add(histogram);
  return summary;
}

TEST(HistogramSummary, HasNoQuantilesWithoutValues) {
  EXPECT_TRUE(std::isnan(HistogramSummary().quantile(50)));
  EXPECT_EQ(HistogramSummary().count_up_to(1e9), 0u);
}

// The numbers are those that Envoy 1.40 prints for the same values.
TEST(HistogramSummary, InterpolatesInsideBinsAsEnvoyDoes) {
  HistogramSummary s = summary_of({0, 0, 0, 0, 0, 1, 3});
  EXPECT_DOUBLE_EQ(s.quantile(50), 0);
  EXPECT_DOUBLE_EQ(s.quantile(75), 1.05);
  EXPECT_DOUBLE_EQ(s.quantile(90), 3.05);
  EXPECT_DOUBLE_EQ(s.quantile(100), 3.05);

  s = summary_of({0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 3});
  EXPECT_DOUBLE_EQ(s.quantile(75), 1.06);
  EXPECT_DOUBLE_EQ(s.quantile(90), 3.033333333333333);
  EXPECT_DOUBLE_EQ(s.quantile(95), 3.066666666666667);

  EXPECT_DOUBLE_EQ(summary_of({16}).quantile(0), 16.5);
}

TEST(HistogramSummary, CountsWhatIsAtOrBelowABound) {
  HistogramSummary s = summary_of({0, 1, 5, 9, 10, 1234});
  EXPECT_EQ(s.count_up_to(0.5), 1u);
  EXPECT_EQ(s.count_up_to(1), 2u);
  EXPECT_EQ(s.count_up_to(9), 4u);
  EXPECT_EQ(s.count_up_to(10), 5u);
  EXPECT_EQ(s.count_up_to(1000), 5u);
  EXPECT_EQ(s.count_up_to(2500), 6u);
  EXPECT_EQ(s.sum(), 1259u);
}

TEST(HistogramSummary, AddsShards) {
  Histogram a, b;
  a.record(1);
  a.record(70);
  b.record(1);
  b.record(5);
  HistogramSummary s;
  s.add(a);
  s.add(b);
  EXPECT_EQ(s.count(), 4u);
  EXPECT_EQ(s.sum(), 77u);
  ASSERT_EQ(s.bins().size(), 3u);
  EXPECT_EQ(s.bins()[0].count, 2u);
}

TEST(HistogramSummary, TellsWhatCameSince) {
  HistogramSummary earlier = summary_of({1, 1, 30});
  HistogramSummary later = summary_of({1, 1, 1, 30, 400});
  HistogramSummary between = later.since(earlier);
  EXPECT_EQ(between.count(), 2u);
  EXPECT_EQ(between.sum(), 401u);
  EXPECT_EQ(between.count_up_to(1), 1u);
}

TEST(HistogramSummary, KeepsTwoDigitsOfAnyValue) {
  for (uint64_t value : {0ull, 7ull, 42ull, 137ull, 99'999ull, 123'456'789ull}) {
    double p50 = summary_of({value}).quantile(50);
    EXPECT_NEAR(p50, static_cast<double>(value), 0.06 * static_cast<double>(value)) << value;
  }
}

}  // namespace
}  // namespace outrigger::observe
