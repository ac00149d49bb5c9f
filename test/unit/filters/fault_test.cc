#include "envoy/extensions/filters/http/fault/v3/fault.pb.h"

#include "filters/http/fault/counters.h"
#include "filters/http/fault/rate_bucket.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::fault::v3::HTTPFault;
using std::chrono::milliseconds;

constexpr unsigned kDelayTimer = 0;
constexpr unsigned kRateTimer = 1;

const std::string kAbort503 = "abort { http_status: 503 percentage { numerator: 50 } } ";
const std::string kDelay =
    "delay { fixed_delay { nanos: 200000000 } percentage { numerator: 50 } } ";
const std::string kHeaderAbort = "abort { header_abort {} percentage { numerator: 50 } } ";
const std::string kHeaderDelay = "delay { header_delay {} percentage { numerator: 50 } } ";

class FaultTest : public FilterTest {
 protected:
  FaultTest() { context.dice = 499'999; }  // 50 per cent and above are drawn

  Verdict request(HttpFilter& filter, const Headers& more = {}) {
    Headers headers{{":method", "GET"}, {":path", "/"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return filter.on_request_headers(context, context.make_request(headers), true);
  }
  Verdict request(const std::string& config, const Headers& more = {}) {
    return request(make<HTTPFault>(config), more);
  }
  int64_t fault_stat(const std::string& name) { return stat("http.ingress.fault." + name); }
};

TEST_F(FaultTest, InjectsNothingThatIsNotConfigured) {
  EXPECT_EQ(request("").kind(), Kind::next);
  EXPECT_TRUE(context.fractions_asked.empty());
}

TEST_F(FaultTest, AbortsTheDrawnRequests) {
  Verdict verdict = request(kAbort503);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 503);
  EXPECT_EQ(verdict.local_reply().grpc_status, -1);
  EXPECT_EQ(verdict.local_reply().body, "fault filter abort");
  EXPECT_EQ(verdict.local_reply().outcome.details, "fault_filter_abort");
  EXPECT_TRUE(verdict.local_reply().outcome.flags.has(ResponseFlag::fault_injected));
  EXPECT_EQ(fault_stat("aborts_injected"), 1);
  EXPECT_EQ(fault_stat("active_faults"), 1);

  context.dice = 500'000;
  EXPECT_EQ(request(kAbort503).kind(), Kind::next);
  EXPECT_EQ(fault_stat("aborts_injected"), 1);
}

TEST_F(FaultTest, AnEndedStreamIsNoActiveFault) {
  HttpFilter& filter = make<HTTPFault>(kAbort503);
  request(filter);
  filter.on_stream_end(context);
  EXPECT_EQ(fault_stat("active_faults"), 0);
}

TEST_F(FaultTest, WithoutAPercentageNothingIsAborted) {
  context.dice = 0;
  EXPECT_EQ(request("abort { http_status: 503 }").kind(), Kind::next);
}

TEST_F(FaultTest, AbortsWithAGrpcStatus) {
  Verdict verdict = request("abort { grpc_status: 14 percentage { numerator: 100 } }");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 200);
  EXPECT_EQ(verdict.local_reply().grpc_status, 14);
}

TEST_F(FaultTest, DelaysAndGoesOn) {
  HttpFilter& filter = make<HTTPFault>(kDelay);
  EXPECT_EQ(request(filter).kind(), Kind::wait);
  EXPECT_EQ(context.timer(kDelayTimer), milliseconds(200));
  EXPECT_TRUE(context.info().flags.has(ResponseFlag::delay_injected));
  EXPECT_EQ(fault_stat("delays_injected"), 1);
  EXPECT_EQ(fault_stat("active_faults"), 1);
  context.fire(filter, kDelayTimer);
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_TRUE(context.replies.empty());
  EXPECT_EQ(fault_stat("active_faults"), 0);
}

TEST_F(FaultTest, DelaysAndThenAborts) {
  HttpFilter& filter = make<HTTPFault>(kDelay + kAbort503);
  EXPECT_EQ(request(filter).kind(), Kind::wait);
  context.fire(filter, kDelayTimer);
  EXPECT_EQ(context.request_resumes, 0u);
  ASSERT_EQ(context.replies.size(), 1u);
  EXPECT_EQ(context.replies[0].code, 503);
  EXPECT_EQ(fault_stat("aborts_injected"), 1);
  EXPECT_EQ(fault_stat("delays_injected"), 1);
}

TEST_F(FaultTest, TheClientMaySayTheDelay) {
  EXPECT_EQ(request(kHeaderDelay, {{"x-envoy-fault-delay-request", "35"}}).kind(), Kind::wait);
  EXPECT_EQ(context.timer(kDelayTimer), milliseconds(35));
}

TEST_F(FaultTest, ADelayOfTheClientNeedsAUsableHeader) {
  for (const char* value : {"", "0", "-1", "5s", "99999999999999999999"}) {
    EXPECT_EQ(request(kHeaderDelay, {{"x-envoy-fault-delay-request", value}}).kind(), Kind::next)
        << value;
  }
  EXPECT_EQ(request(kHeaderDelay).kind(), Kind::next);
}

TEST_F(FaultTest, ADelayOfTheClientHasABound) {
  request(kHeaderDelay, {{"x-envoy-fault-delay-request", "9999999999999999999"}});
  EXPECT_EQ(context.timer(kDelayTimer), std::chrono::hours(24));
}

TEST_F(FaultTest, AClientMayOnlyLowerThePercentage) {
  Headers delay{{"x-envoy-fault-delay-request", "35"},
                {"x-envoy-fault-delay-request-percentage", "49"}};
  EXPECT_EQ(request(kHeaderDelay, delay).kind(), Kind::next);
  delay[1].second = "100";
  context.dice = 500'000;
  EXPECT_EQ(request(kHeaderDelay, delay).kind(), Kind::next);
  context.dice = 499'999;
  EXPECT_EQ(request(kHeaderDelay, delay).kind(), Kind::wait);
}

TEST_F(FaultTest, APercentageHeaderDoesNotTouchAFixedFault) {
  EXPECT_EQ(request(kDelay, {{"x-envoy-fault-delay-request-percentage", "0"}}).kind(), Kind::wait);
}

TEST_F(FaultTest, TheClientMaySayTheStatus) {
  Verdict http = request(kHeaderAbort, {{"x-envoy-fault-abort-request", "418"},
                                        {"x-envoy-fault-abort-grpc-request", "5"}});
  ASSERT_EQ(http.kind(), Kind::reply);
  EXPECT_EQ(http.local_reply().code, 418);
  EXPECT_EQ(http.local_reply().grpc_status, -1);
  Verdict grpc = request(kHeaderAbort, {{"x-envoy-fault-abort-grpc-request", "5"}});
  ASSERT_EQ(grpc.kind(), Kind::reply);
  EXPECT_EQ(grpc.local_reply().grpc_status, 5);
}

TEST_F(FaultTest, AStatusOfTheClientMustBeOne) {
  for (const char* value : {"", "199", "600", "abc"}) {
    EXPECT_EQ(request(kHeaderAbort, {{"x-envoy-fault-abort-request", value}}).kind(), Kind::next)
        << value;
  }
}

TEST_F(FaultTest, ConcernsOnlyTheNamedUpstreamCluster) {
  EXPECT_EQ(request(kAbort503 + "upstream_cluster: 'other'").kind(), Kind::next);
  EXPECT_EQ(request(kAbort503 + "upstream_cluster: 'backend'").kind(), Kind::reply);
  context.has_route = false;
  EXPECT_EQ(request(kAbort503 + "upstream_cluster: 'backend'").kind(), Kind::next);
}

TEST_F(FaultTest, ConcernsOnlyTheNamedDownstreamNodes) {
  const std::string config = kAbort503 + "downstream_nodes: 'a' downstream_nodes: 'b'";
  EXPECT_EQ(request(config).kind(), Kind::next);
  EXPECT_EQ(request(config, {{"x-envoy-downstream-service-node", "c"}}).kind(), Kind::next);
  EXPECT_EQ(request(config, {{"x-envoy-downstream-service-node", "b"}}).kind(), Kind::reply);
}

TEST_F(FaultTest, ConcernsOnlyRequestsWithTheHeaders) {
  const std::string config = kAbort503 + "headers { name: 'x-fail' string_match { exact: 'yes' } }";
  EXPECT_EQ(request(config).kind(), Kind::next);
  EXPECT_EQ(request(config, {{"x-fail", "yes"}}).kind(), Kind::reply);
}

TEST_F(FaultTest, ARouteReplacesTheFiltersFaults) {
  context.levels = {
      route_config<HTTPFault>("abort { http_status: 404 percentage { numerator: 100 } }")};
  Verdict verdict = request(kDelay + kAbort503);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 404);
  EXPECT_EQ(fault_stat("aborts_injected"), 1);
}

TEST_F(FaultTest, RuntimeOverridesWhatIsConfigured) {
  context.dice = 899'999;
  context.runtime = {{"fault.http.abort.abort_percent", 90}, {"fault.http.abort.http_status", 429}};
  Verdict verdict = request(kAbort503);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 429);
  context.runtime = {{"fault.http.delay.fixed_delay_percent", 90},
                     {"fault.http.delay.fixed_duration_ms", 7}};
  EXPECT_EQ(request(kDelay).kind(), Kind::wait);
  EXPECT_EQ(context.timer(kDelayTimer), milliseconds(7));
  context.runtime = {{"fault.http.abort.grpc_status", 3}};
  EXPECT_EQ(
      request("abort { grpc_status: 14 percentage { numerator: 100 } }").local_reply().grpc_status,
      3);
}

TEST_F(FaultTest, RuntimeKeysMayHaveOtherNames) {
  context.dice = 899'999;
  context.runtime = {{"my.percent", 90}, {"my.status", 418}};
  Verdict verdict = request(
      kAbort503 + "abort_percent_runtime: 'my.percent' abort_http_status_runtime: 'my.status'");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 418);
}

TEST_F(FaultTest, AnImpossibleStatusOfTheRuntimeIsIgnored) {
  context.runtime = {{"fault.http.abort.http_status", 99999}};
  EXPECT_EQ(request(kAbort503).local_reply().code, 503);
}

TEST_F(FaultTest, ADownstreamClusterHasRuntimeKeysOfItsOwn) {
  const Headers from_shop{{"x-envoy-downstream-service-cluster", "shop"}};
  context.dice = 899'999;
  context.runtime = {{"fault.http.abort.abort_percent", 100}};
  EXPECT_EQ(request(kAbort503, from_shop).kind(), Kind::next);  // the general key is not asked
  context.runtime = {{"fault.http.shop.abort.abort_percent", 90},
                     {"fault.http.shop.abort.http_status", 404}};
  EXPECT_EQ(request(kAbort503, from_shop).local_reply().code, 404);
  context.runtime = {{"fault.http.shop.delay.fixed_delay_percent", 90},
                     {"fault.http.delay.fixed_duration_ms", 7}};
  EXPECT_EQ(request(kDelay, from_shop).kind(), Kind::wait);
  EXPECT_EQ(context.timer(kDelayTimer), milliseconds(7));
  context.runtime["fault.http.shop.delay.fixed_duration_ms"] = 8;
  request(kDelay, from_shop);
  EXPECT_EQ(context.timer(kDelayTimer), milliseconds(8));
}

TEST_F(FaultTest, CountsForEachDownstreamCluster) {
  const Headers from_shop{{"x-envoy-downstream-service-cluster", "shop"}};
  HttpFilter& filter = make<HTTPFault>(kDelay + kAbort503);
  request(filter, from_shop);
  context.fire(filter, kDelayTimer);
  EXPECT_EQ(fault_stat("shop.delays_injected"), 1);
  EXPECT_EQ(fault_stat("shop.aborts_injected"), 1);
  const StatsScope& scope = *compile_context.registry.scopes["http.ingress.fault.shop."];
  EXPECT_EQ(scope.extracted_prefix(), "http.fault.");
  ASSERT_EQ(scope.tags().size(), 2u);
  EXPECT_EQ(scope.tags()[0].value, "ingress");
  EXPECT_EQ(scope.tags()[1].name, "envoy.fault_downstream_cluster");
}

TEST_F(FaultTest, DownstreamClustersMayGoUncounted) {
  request(kAbort503 + "disable_downstream_cluster_stats: true",
          {{"x-envoy-downstream-service-cluster", "shop"}});
  EXPECT_EQ(compile_context.registry.scopes.count("http.ingress.fault.shop."), 0u);
  EXPECT_EQ(fault_stat("aborts_injected"), 1);
}

TEST_F(FaultTest, MadeUpDownstreamClustersDoNotFillTheMemory) {
  fault::FaultCounters counters(compile_context.registry, {"f.", "f.", {}});
  for (size_t i = 0; i < fault::FaultCounters::kMaxDownstreamClusters; ++i) {
    ASSERT_NE(counters.downstream("c" + std::to_string(i), 0), nullptr);
  }
  EXPECT_EQ(counters.downstream("one-more", 0), nullptr);
  EXPECT_NE(counters.downstream("c7", 0), nullptr);
}

TEST_F(FaultTest, NoMoreFaultsAtOnceThanAllowed) {
  auto factory = *try_compile<HTTPFault>(kAbort503 + "max_active_faults { value: 1 }");
  HttpFilter& first = make(factory);
  EXPECT_EQ(request(first).kind(), Kind::reply);
  EXPECT_EQ(request(make(factory)).kind(), Kind::next);
  EXPECT_EQ(fault_stat("faults_overflow"), 1);
  first.on_stream_end(context);
  EXPECT_EQ(request(make(factory)).kind(), Kind::reply);
}

TEST_F(FaultTest, RuntimeLimitsActiveFaults) {
  context.runtime = {{"fault.http.max_active_faults", 0}};
  EXPECT_EQ(request(kAbort503).kind(), Kind::next);
  EXPECT_EQ(fault_stat("faults_overflow"), 1);
}

// 10 KiB/s: 512 octets pass at once, then 512 in every step of 50 ms.
class RateLimitTest : public FaultTest {
 protected:
  RateLimitTest()
      : filter(make<HTTPFault>("response_rate_limit { fixed_limit { limit_kbps: 10 } "
                               "percentage { numerator: 100 } }")) {
    request(filter);
  }
  Verdict body(size_t octets, bool end = false) {
    return filter.on_response_body(context, std::string(octets, 'x'), end);
  }

  HttpFilter& filter;
};

TEST_F(RateLimitTest, WhatTheRateAllowsPassesAtOnce) {
  EXPECT_EQ(fault_stat("response_rl_injected"), 1);
  EXPECT_EQ(body(512).kind(), Kind::next);
  EXPECT_EQ(body(0, true).kind(), Kind::next);
  EXPECT_FALSE(context.timer(kRateTimer).has_value());
}

TEST_F(RateLimitTest, ALargePieceTrickles) {
  EXPECT_EQ(body(1200).kind(), Kind::wait);
  EXPECT_EQ(context.timer(kRateTimer), milliseconds(0));
  context.fire(filter, kRateTimer);
  EXPECT_EQ(context.timer(kRateTimer), milliseconds(50));
  context.fire(filter, kRateTimer);
  EXPECT_THAT(context.released, testing::ElementsAre(512, 512));
  EXPECT_EQ(context.response_resumes, 0u);
  context.fire(filter, kRateTimer);
  EXPECT_EQ(context.released.size(), 2u);
  EXPECT_EQ(context.response_resumes, 1u);
  EXPECT_FALSE(context.timer(kRateTimer).has_value());
}

TEST_F(RateLimitTest, APauseSavesASecondsWorthAtMost) {
  context.time += std::chrono::minutes(1);
  EXPECT_EQ(body(10 * 1024).kind(), Kind::next);
  EXPECT_EQ(body(1).kind(), Kind::wait);
}

TEST_F(RateLimitTest, IsAnActiveFaultToTheStreamsEnd) {
  EXPECT_EQ(fault_stat("active_faults"), 1);
  filter.on_stream_end(context);
  EXPECT_EQ(fault_stat("active_faults"), 0);
}

TEST_F(FaultTest, TheClientMaySayTheRate) {
  const std::string config =
      "response_rate_limit { header_limit {} percentage { numerator: 100 } }";
  const std::string name = "x-envoy-fault-throughput-response";
  for (const char* value : {"", "0", "x"}) {
    HttpFilter& filter = make<HTTPFault>(config);
    request(filter, {{name, value}});
    EXPECT_EQ(filter.on_response_body(context, std::string(1 << 20, 'x'), true).kind(), Kind::next);
  }
  HttpFilter& filter = make<HTTPFault>(config);
  request(filter, {{name, "1"}});
  EXPECT_EQ(filter.on_response_body(context, std::string(52, 'x'), true).kind(), Kind::wait);
}

TEST(RateBucket, AnImmenseRateIsNoLimit) {
  MonotonicTime now{std::chrono::hours(1)};
  fault::RateBucket bucket(~uint64_t{0}, now);
  EXPECT_EQ(bucket.take(size_t{1} << 40, now), size_t{1} << 40);
}

}  // namespace
}  // namespace outrigger::filters::test
