// What hosts report of their load, in its three forms, and the weights that it makes.
#include "proxy/upstream/load_report.h"

#include <chrono>

#include <gtest/gtest.h>

#include "proxy/upstream/reported_weights.h"
#include "test/unit/support/fake_loop.h"
#include "test/unit/upstream/hosts.h"

namespace outrigger::upstream::test {
namespace {

using std::chrono::seconds;

const std::vector<std::string> kMetrics = {"named_metrics.queue", "utilization.disk"};

LoadReport good(std::string_view value) {
  auto report = read_load_report(value, kMetrics);
  EXPECT_TRUE(report.has_value()) << value;
  return report.value_or(LoadReport());
}

bool bad(std::string_view value) {
  return !read_load_report(value, kMetrics).has_value();
}

TEST(LoadReport, AsText) {
  LoadReport report = good(
      "TEXT cpu_utilization=0.25, application_utilization:0.5,rps_fractional=20,eps=2,"
      "named_metrics.queue=0.75,named_metrics.other=9,mem_utilization=0.1");
  EXPECT_EQ(report.cpu_utilization, 0.25);
  EXPECT_EQ(report.application_utilization, 0.5);
  EXPECT_EQ(report.requests_per_second, 20);
  EXPECT_EQ(report.errors_per_second, 2);
  EXPECT_EQ(report.greatest_named, 0.75);
}

TEST(LoadReport, AsJson) {
  LoadReport report = good(
      R"(JSON {"cpuUtilization": 0.25, "rps_fractional": 20 , "utilization": {"disk": 0.9, "x": 2},
         "namedMetrics": {}, "eps": 1})");
  EXPECT_EQ(report.cpu_utilization, 0.25);
  EXPECT_EQ(report.requests_per_second, 20);
  EXPECT_EQ(report.greatest_named, 0.9);
  EXPECT_EQ(report.errors_per_second, 1);
  good("JSON {}");
}

// cpu_utilization 0.5, rps_fractional 100, named_metrics {queue: 0.25}.
TEST(LoadReport, AsBinary) {
  LoadReport report = good("BIN CQAAAAAAAOA/MQAAAAAAAFlAQhAKBXF1ZXVlEQAAAAAAANA/");
  EXPECT_EQ(report.cpu_utilization, 0.5);
  EXPECT_EQ(report.requests_per_second, 100);
  EXPECT_EQ(report.greatest_named, 0.25);
}

TEST(LoadReport, WhatCannotBeReadIsNone) {
  for (const char* value :
       {"", "TEXT cpu_utilization", "TEXT cpu_utilization=x", "TEXT cpu_utilization=nan",
        "TEXT what=1", "TEXT map.what=1", "cpu_utilization=1", "JSON", "JSON [1]", "JSON {\"eps\"}",
        "JSON {\"eps\": 1", "JSON {\"eps\": 1} x", "JSON {\"a\": {\"b\": {\"c\": 1}}}", "BIN ???",
        "BIN CQAAAAAA", "BIN //////////////////////8="})
    EXPECT_TRUE(bad(value)) << value;
}

TEST(LoadReport, EveryCutOfAReportIsHarmless) {
  for (std::string_view whole :
       {std::string_view("BIN CQAAAAAAAOA/MQAAAAAAAFlAQhAKBXF1ZXVlEQAAAAAAANA/"),
        std::string_view("JSON {\"utilization\": {\"disk\": 0.9}, \"eps\": 1}")}) {
    for (size_t size = 0; size < whole.size(); ++size)
      read_load_report(whole.substr(0, size), kMetrics);
  }
}

TEST(LoadReport, AWeightIsRequestsPerUnitOfUtilization) {
  LoadReport report;
  report.cpu_utilization = 0.5;
  EXPECT_EQ(weight_of(report, 0), std::nullopt);  // no rate
  report.requests_per_second = 100;
  EXPECT_EQ(weight_of(report, 0), 200u);
  report.errors_per_second = 50;
  EXPECT_EQ(weight_of(report, 1.0), 100u);  // half of the requests fail: 0.5 more
  report.greatest_named = 1.0;
  EXPECT_EQ(weight_of(report, 0), 100u);
  report.application_utilization = 2.0;
  EXPECT_EQ(weight_of(report, 0), 50u);
}

class ReportedWeights : public ::testing::Test {
 protected:
  ReportedWeights() {
    auto options = std::make_shared<config::BalancerOptions>();
    options->client_weighting.emplace();
    cluster_.balancer = config::Cluster::Balancer::client_weighted;
    cluster_.balancer_options = options;
    picker_ = make_picker(cluster_, hosts_, 0, {&loop_, nullptr, nullptr, nullptr});
  }
  void report(Host& host, std::string_view value) {
    Arena arena(loop_.chunks());
    http::HeaderMap headers(arena);
    headers.add("endpoint-load-metrics", value);
    EXPECT_TRUE(
        note_load_report(*cluster_.balancer_options->client_weighting, headers, loop_.now(), host));
  }
  Counts pick(unsigned times) {
    Counts counts;
    for (unsigned i = 0; i < times; ++i) ++counts[picker_->pick(i)];
    return counts;
  }
  outrigger::test::FakeLoop loop_;
  config::Cluster cluster_;
  Hosts made_;
  std::vector<Host*> hosts_ = made_.weighted({1, 1, 1});
  std::unique_ptr<HostPicker> picker_;
};

TEST_F(ReportedWeights, CountAfterTheBlackoutAndUntilTheyExpire) {
  report(*hosts_[0], "TEXT cpu_utilization=0.1,rps_fractional=10");  // 100
  report(*hosts_[1], "TEXT cpu_utilization=0.1,rps_fractional=30");  // 300
  loop_.advance(seconds(5));
  EXPECT_EQ(pick(300)[hosts_[0]], 100u);
  loop_.advance(seconds(6));
  Counts counts = pick(700);  // the third has the median: 300
  EXPECT_NEAR(counts[hosts_[0]], 100.0, 2.0);
  EXPECT_NEAR(counts[hosts_[1]], 300.0, 2.0);
  EXPECT_NEAR(counts[hosts_[2]], 300.0, 2.0);
  loop_.advance(seconds(200));
  EXPECT_NEAR(pick(300)[hosts_[0]], 100.0, 2.0);
}

TEST_F(ReportedWeights, AResponseWithoutAReportChangesNothing) {
  Arena arena(loop_.chunks());
  http::HeaderMap headers(arena);
  EXPECT_FALSE(note_load_report(*cluster_.balancer_options->client_weighting, headers, loop_.now(),
                                *hosts_[0]));
  EXPECT_EQ(hosts_[0]->reported.weight, 0u);
}

}  // namespace
}  // namespace outrigger::upstream::test
