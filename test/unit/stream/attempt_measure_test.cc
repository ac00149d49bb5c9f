// What is measured of attempts, and when.
#include "proxy/stream/attempt_measure.h"

#include <gtest/gtest.h>

#include "test/unit/stream/messages.h"
#include "test/unit/support/cluster.h"

namespace outrigger::stream {
namespace {

using namespace std::chrono_literals;

class Measure : public ::testing::Test {
 protected:
  Measure() {
    cluster_->timeout_budget_stats = outrigger::test::scope<TimeoutBudgetStats>("");
    cluster_->message_size_stats = outrigger::test::scope<MessageSizeStats>("");
    request_.add("a", "bcd");
    response_.add(":status", "200");
    response_.add("x", "y");
  }
  TimeoutBudgetStats& budget() {
    return cluster_->timeout_budget_stats->local<TimeoutBudgetStats>(0);
  }
  MessageSizeStats& sizes() { return cluster_->message_size_stats->local<MessageSizeStats>(0); }

  ChunkPool chunks_;
  Arena arena_{chunks_};
  http::HeaderMap request_{arena_};
  http::HeaderMap response_{arena_};
  std::shared_ptr<config::Cluster> cluster_ = outrigger::test::cluster({});
  runtime::MonotonicTime start_;
};

TEST_F(Measure, AnAttemptThatWasAnswered) {
  AttemptMeasure measure(*cluster_, 0);
  measure.begin(request_, start_, 200ms);
  measure.add_sent(7);
  measure.on_response(response_);
  measure.add_received(3);
  measure.add_received(2);
  measure.end(start_ + 50ms);
  measure.end(start_ + 90ms);
  EXPECT_EQ(sizes().upstream_rq_headers_size.sum(), 4u);
  EXPECT_EQ(sizes().upstream_rq_headers_count.sum(), 1u);
  EXPECT_EQ(sizes().upstream_rq_body_size.sum(), 7u);
  EXPECT_EQ(sizes().upstream_rs_headers_size.sum(), 12u);
  EXPECT_EQ(sizes().upstream_rs_headers_count.sum(), 2u);
  EXPECT_EQ(sizes().upstream_rs_body_size.sum(), 5u);
  EXPECT_EQ(budget().upstream_rq_timeout_budget_per_try_percent_used.sum(), 25u);
  EXPECT_EQ(budget().upstream_rq_timeout_budget_per_try_percent_used.count(), 1u);
}

TEST_F(Measure, AnAttemptWithoutAnswerOrTimeout) {
  AttemptMeasure measure(*cluster_, 0);
  measure.begin(request_, start_, 0ms);
  measure.end(start_ + 50ms);
  EXPECT_EQ(sizes().upstream_rq_body_size.count(), 1u);
  EXPECT_EQ(sizes().upstream_rs_body_size.count(), 0u);
  EXPECT_EQ(budget().upstream_rq_timeout_budget_per_try_percent_used.count(), 1u);
  EXPECT_EQ(budget().upstream_rq_timeout_budget_per_try_percent_used.sum(), 0u);
}

TEST_F(Measure, TheNextAttemptBeginsAnew) {
  AttemptMeasure measure(*cluster_, 0);
  measure.begin(request_, start_, 0ms);
  measure.add_sent(100);
  measure.on_response(response_);
  measure.end(start_);
  measure.begin(request_, start_, 0ms);
  measure.end(start_);
  EXPECT_EQ(sizes().upstream_rq_body_size.sum(), 100u);
  EXPECT_EQ(sizes().upstream_rs_headers_count.count(), 1u);
}

TEST_F(Measure, OnlyWhatIsAskedFor) {
  cluster_->message_size_stats = nullptr;
  EXPECT_TRUE(AttemptMeasure::wanted(*cluster_));
  AttemptMeasure measure(*cluster_, 0);
  measure.begin(request_, start_, 100ms);
  measure.end(start_ + 100ms);
  measure.end_request(150ms, 100ms);
  EXPECT_EQ(budget().upstream_rq_timeout_budget_percent_used.sum(), 150u);
  cluster_->timeout_budget_stats = nullptr;
  EXPECT_FALSE(AttemptMeasure::wanted(*cluster_));
}

}  // namespace
}  // namespace outrigger::stream
