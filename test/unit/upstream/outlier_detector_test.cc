// Who is ejected, for how long, and what is counted: Envoy's documentation of outlier detection.
#include "proxy/upstream/outlier_detector.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "test/unit/support/cluster.h"

namespace outrigger::upstream::test {
namespace {

using namespace std::chrono_literals;
using Failure = HostState::Failure;

struct Written final : OutlierEvents {
  void on_ejected(const config::Cluster&, const HostState& host, OutlierKind, bool enforced,
                  const SuccessRates&, HostState::Time) override {
    lines.push_back((enforced ? "eject " : "would eject ") +
                    std::to_string(host.endpoint->address.port()));
  }
  void on_returned(const config::Cluster&, const HostState& host, HostState::Time) override {
    lines.push_back("return " + std::to_string(host.endpoint->address.port()));
  }
  std::vector<std::string> lines;
};

class Outliers : public ::testing::Test {
 protected:
  Outliers() {
    config_.max_ejection_percent = 100;
    config_.base_ejection_time = 30s;
  }

  void start(size_t hosts) {
    auto cluster = std::make_shared<config::Cluster>();
    cluster->outlier_detection = std::make_shared<config::OutlierDetection>(config_);
    cluster->outlier_stats =
        std::make_shared<StatsScope>("", "", std::vector<StatTag>(), OutlierStats::layout());
    stats_scope_ = cluster->outlier_stats;
    watch_->on_consecutive = [this](HostStatePtr host, OutlierKind kind) {
      if (detector_->on_consecutive(*host, kind, now_)) ++changes_;
    };
    detector_ = std::make_unique<OutlierDetector>(
        OutlierDetector::Parts{cluster, watch_, &written_, [this] { return random_; }});
    for (size_t i = 1; i <= hosts; ++i) {
      states_.push_back(std::make_shared<HostState>(
          watch_, outrigger::test::endpoint(static_cast<uint16_t>(i), 1)));
    }
    detector_->set_hosts(states_);
  }
  OutlierStats& stats() { return stats_scope_->local<OutlierStats>(StatsScope::kMainThread); }
  OutlierResults& mine(size_t host) { return states_[host]->results.local<OutlierResults>(0); }
  void answers(size_t host, int code, int times = 1) {
    for (int i = 0; i < times; ++i) states_[host]->note_response(mine(host), code);
  }
  bool ejected(size_t host) { return states_[host]->has(HealthFlag::kFailedOutlierCheck); }
  void interval() {
    now_ += detector_->interval();
    detector_->on_interval(now_);
  }

  config::OutlierDetection config_;
  std::shared_ptr<HostWatch> watch_ = std::make_shared<HostWatch>();
  Written written_;
  HostStates states_;
  std::unique_ptr<OutlierDetector> detector_;
  StatsScopePtr stats_scope_;
  HostState::Time now_{1h};
  uint64_t random_ = 0;
  int changes_ = 0;
};

TEST_F(Outliers, FiveErrorsInARowEject) {
  start(2);
  answers(0, 500, 4);
  EXPECT_FALSE(ejected(0));
  answers(0, 500);
  EXPECT_TRUE(ejected(0));
  EXPECT_FALSE(ejected(1));
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(stats().ejections_active.value(), 1);
  EXPECT_EQ(stats().ejections_detected_consecutive_5xx.value(), 1u);
  EXPECT_EQ(stats().ejections_enforced_consecutive_5xx.value(), 1u);
  EXPECT_EQ(stats().ejections_enforced_total.value(), 1u);
  EXPECT_EQ(stats().ejections_total.value(), 1u);
  EXPECT_EQ(written_.lines, std::vector<std::string>({"eject 1"}));
}

TEST_F(Outliers, AGoodAnswerInBetweenStartsTheCountAnew) {
  start(1);
  answers(0, 500, 4);
  answers(0, 404);
  answers(0, 500, 4);
  EXPECT_FALSE(ejected(0));
}

TEST_F(Outliers, GatewayErrorsCountApartAndAreNotEnforcedByDefault) {
  config_.consecutive_5xx = 100;
  start(1);
  answers(0, 503, 4);
  answers(0, 500);  // another error ends the row
  answers(0, 502, 4);
  EXPECT_EQ(stats().ejections_detected_consecutive_gateway_failure.value(), 0u);
  answers(0, 504);
  EXPECT_EQ(stats().ejections_detected_consecutive_gateway_failure.value(), 1u);
  EXPECT_FALSE(ejected(0));
  EXPECT_EQ(written_.lines, std::vector<std::string>({"would eject 1"}));
}

TEST_F(Outliers, WithoutASplitAFailureToConnectIsAnAnswerOf503) {
  start(1);
  for (int i = 0; i < 3; ++i) states_[0]->note_failure(mine(0), Failure::connect);
  states_[0]->note_connected(mine(0));  // says nothing of the answer
  for (int i = 0; i < 2; ++i) states_[0]->note_failure(mine(0), Failure::timeout);
  EXPECT_TRUE(ejected(0));
  EXPECT_EQ(stats().ejections_detected_consecutive_5xx.value(), 1u);
}

TEST_F(Outliers, WithASplitFailuresToConnectHaveARowOfTheirOwn) {
  config_.split_external_local_origin_errors = true;
  config_.consecutive_local_origin_failure = 2;
  start(1);
  states_[0]->note_failure(mine(0), Failure::connect);
  states_[0]->note_connected(mine(0));
  states_[0]->note_failure(mine(0), Failure::connect);
  EXPECT_FALSE(ejected(0));
  states_[0]->note_failure(mine(0), Failure::timeout);
  EXPECT_TRUE(ejected(0));
  EXPECT_EQ(stats().ejections_enforced_consecutive_local_origin_failure.value(), 1u);
  EXPECT_EQ(stats().ejections_total.value(), 0u);
}

TEST_F(Outliers, NoMoreThanTheAllowedPartIsEjected) {
  config_.max_ejection_percent = 50;
  start(4);
  for (size_t host = 0; host < 4; ++host) answers(host, 500, 5);
  EXPECT_TRUE(ejected(0) && ejected(1));
  EXPECT_FALSE(ejected(2) || ejected(3));
  EXPECT_EQ(stats().ejections_overflow.value(), 2u);
}

TEST_F(Outliers, OneHostMayAlwaysBeEjectedIfSoConfigured) {
  config_.max_ejection_percent = 0;
  start(2);
  answers(0, 500, 5);
  EXPECT_FALSE(ejected(0));
  detector_.reset();
  states_.clear();
  config_.always_eject_one_host = true;
  start(2);
  answers(0, 500, 5);
  answers(1, 500, 5);
  EXPECT_TRUE(ejected(0));
  EXPECT_FALSE(ejected(1));
}

TEST_F(Outliers, AnEjectedHostComesBackAtTheEndOfAnInterval) {
  start(1);
  answers(0, 500, 5);
  interval();
  interval();
  EXPECT_TRUE(ejected(0));
  interval();
  EXPECT_FALSE(ejected(0));
  EXPECT_EQ(stats().ejections_active.value(), 0);
  EXPECT_EQ(written_.lines, std::vector<std::string>({"eject 1", "return 1"}));
}

TEST_F(Outliers, EachEjectionLastsLongerUpToTheMost) {
  config_.interval = 1s;
  config_.base_ejection_time = 10s;
  config_.max_ejection_time = 25s;
  start(1);
  auto length = [&] {
    answers(0, 500, 5);
    int intervals = 0;
    for (; ejected(0) && intervals < 100; ++intervals) interval();
    return intervals;
  };
  EXPECT_EQ(length(), 10);
  EXPECT_EQ(length(), 20);
  EXPECT_EQ(length(), 25);
  EXPECT_EQ(length(), 25);
}

TEST_F(Outliers, IntervalsInUseMakeTheNextEjectionShorter) {
  config_.interval = 1s;
  config_.base_ejection_time = 10s;
  start(1);
  answers(0, 500, 5);
  for (int i = 0; i < 10; ++i) interval();
  ASSERT_FALSE(ejected(0));
  interval();  // a whole one in use
  EXPECT_EQ(states_[0]->backoff, 0u);
}

TEST_F(Outliers, JitterMakesAnEjectionLonger) {
  config_.interval = 1s;
  config_.base_ejection_time = 1s;
  config_.max_ejection_time_jitter = 3s;
  random_ = 2000;
  start(1);
  answers(0, 500, 5);
  interval();
  interval();
  EXPECT_TRUE(ejected(0));
  interval();
  EXPECT_FALSE(ejected(0));
}

TEST_F(Outliers, WhoIsFarBelowTheOthersSuccessRateIsEjected) {
  start(5);
  for (size_t host = 0; host < 5; ++host) answers(host, 200, 100);
  for (int i = 0; i < 50; ++i) {
    answers(0, 500);
    answers(0, 200);
  }
  interval();
  EXPECT_TRUE(ejected(0));
  EXPECT_EQ(stats().ejections_enforced_success_rate.value(), 1u);
  EXPECT_DOUBLE_EQ(states_[0]->success_rate, 75.0);
  EXPECT_DOUBLE_EQ(states_[1]->success_rate, 100.0);
  interval();
  EXPECT_DOUBLE_EQ(states_[1]->success_rate, -1.0);
}

TEST_F(Outliers, TooFewHostsOrRequestsSayNothingOfSuccessRates) {
  start(4);
  for (size_t host = 1; host < 4; ++host) answers(host, 200, 200);
  for (int i = 0; i < 100; ++i) {
    answers(0, 500);
    answers(0, 200);
  }
  interval();
  EXPECT_FALSE(ejected(0));
}

TEST_F(Outliers, AFailurePercentageEjectsWhereItIsEnforced) {
  config_.failure_percentage_minimum_hosts = 1;
  config_.failure_percentage_request_volume = 10;
  config_.failure_percentage_threshold = 40;
  config_.enforcing_failure_percentage = 100;
  start(2);
  for (int i = 0; i < 5; ++i) {
    answers(0, 500);
    answers(0, 200);
  }
  answers(1, 200, 10);
  interval();
  EXPECT_TRUE(ejected(0));
  EXPECT_FALSE(ejected(1));
  EXPECT_EQ(stats().ejections_enforced_failure_percentage.value(), 1u);
}

TEST_F(Outliers, WorkersCountApartAndAreSummed) {
  config_.failure_percentage_minimum_hosts = 1;
  config_.failure_percentage_request_volume = 10;
  config_.failure_percentage_threshold = 50;
  config_.enforcing_failure_percentage = 100;
  config_.consecutive_5xx = 100;
  start(1);
  OutlierResults& second = states_[0]->results.local<OutlierResults>(1);
  for (int i = 0; i < 5; ++i) {
    states_[0]->note_response(mine(0), 200);
    states_[0]->note_response(second, 500);
  }
  interval();
  EXPECT_TRUE(ejected(0));
}

TEST_F(Outliers, AHealthCheckThatPassesBringsItBack) {
  start(1);
  answers(0, 500, 5);
  states_[0]->set(HealthFlag::kFailedActiveCheck);
  EXPECT_FALSE(detector_->on_check_passed(*states_[0], now_));
  states_[0]->clear(HealthFlag::kFailedActiveCheck);
  EXPECT_TRUE(detector_->on_check_passed(*states_[0], now_));
  EXPECT_FALSE(ejected(0));
}

TEST_F(Outliers, WhoGoesIsNoLongerCountedAsEjected) {
  start(2);
  answers(0, 500, 5);
  detector_->set_hosts({states_[1]});
  EXPECT_EQ(stats().ejections_active.value(), 0);
  answers(1, 500, 5);
  EXPECT_TRUE(ejected(1));
}

TEST_F(Outliers, TheRuntimeHasTheLastWord) {
  start(1);
  auto number = [](uint64_t n) {
    config::RuntimeValue value;
    value.number = n;
    return value;
  };
  detector_->set_runtime(std::make_shared<config::RuntimeSnapshot>(
      config::RuntimeSnapshot::Values{{"outlier_detection.consecutive_5xx", number(2)},
                                      {"outlier_detection.enforcing_consecutive_5xx", number(0)},
                                      {"outlier_detection.interval_ms", number(77)}}));
  EXPECT_EQ(detector_->interval(), 77ms);
  answers(0, 500, 2);
  EXPECT_EQ(stats().ejections_detected_consecutive_5xx.value(), 1u);
  EXPECT_FALSE(ejected(0));
}

}  // namespace
}  // namespace outrigger::upstream::test
