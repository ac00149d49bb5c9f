#include "proxy/route/timeout.h"

#include <memory>

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using config::Milliseconds;

config::ForwardAction with_per_try(int64_t timeout_ms, int64_t per_try_ms) {
  auto policy = std::make_shared<config::RetryPolicy>();
  policy->per_try_timeout = Milliseconds(per_try_ms);
  policy->per_try_idle_timeout = Milliseconds(7);
  config::ForwardAction action;
  action.timeout = Milliseconds(timeout_ms);
  action.retry = policy;
  return action;
}

TEST(Timeouts, OfTheRouteGoUpstreamAsExpectedTimeout) {
  config::ForwardAction action;
  TestMessage request{};
  EXPECT_EQ(take_timeouts(action, request.headers, {}).global.count(), 15000);
  EXPECT_EQ(request.get("x-envoy-expected-rq-timeout-ms"), "15000");
  TestMessage quiet{};
  take_timeouts(action, quiet.headers, {.envoy_headers = false});
  EXPECT_FALSE(quiet.has("x-envoy-expected-rq-timeout-ms"));
}

TEST(Timeouts, OfTheRequestWinAndAreTakenOff) {
  config::ForwardAction action = with_per_try(7000, 2000);
  TestMessage request{{"x-envoy-upstream-rq-timeout-ms", "500"},
                      {"x-envoy-upstream-rq-per-try-timeout-ms", "100"}};
  RequestTimeouts timeouts = take_timeouts(action, request.headers, {});
  EXPECT_EQ(timeouts.global.count(), 500);
  EXPECT_EQ(timeouts.per_try.count(), 100);
  EXPECT_EQ(timeouts.per_try_idle.count(), 7);
  EXPECT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.get("x-envoy-expected-rq-timeout-ms"), "100");
}

TEST(Timeouts, APerTryTimeoutNotBelowTheGlobalOneIsNone) {
  TestMessage request{};
  EXPECT_EQ(take_timeouts(with_per_try(2000, 2000), request.headers, {}).per_try.count(), 0);
  TestMessage endless{};
  EXPECT_EQ(take_timeouts(with_per_try(0, 2000), endless.headers, {}).per_try.count(), 2000);
}

TEST(Timeouts, NonsenseInAHeaderIsIgnored) {
  config::ForwardAction action;
  TestMessage request{{"x-envoy-upstream-rq-timeout-ms", "soon"}};
  EXPECT_EQ(take_timeouts(action, request.headers, {}).global.count(), 15000);
  EXPECT_FALSE(request.has("x-envoy-upstream-rq-timeout-ms"));
}

TEST(Timeouts, TheExpectationOfAProxyBeforeUsCountsIfRespected) {
  config::ForwardAction action;
  TestMessage request{{"x-envoy-expected-rq-timeout-ms", "77"},
                      {"x-envoy-upstream-rq-timeout-ms", "5"}};
  TimeoutOptions options{.respect_expected_rq_timeout = true};
  EXPECT_EQ(take_timeouts(action, request.headers, options).global.count(), 77);
}

TEST(Timeouts, ARetryHasWhatIsLeft) {
  config::ForwardAction action;
  RequestTimeouts timeouts{Milliseconds(1000), Milliseconds(400), Milliseconds(0)};
  TestMessage request{};
  auto expected = [&](int64_t elapsed) {
    set_timeout_headers(action, timeouts, Milliseconds(elapsed), request.headers, {});
    return request.get("x-envoy-expected-rq-timeout-ms");
  };
  EXPECT_EQ(expected(100), "400");
  EXPECT_EQ(expected(700), "300");
  EXPECT_EQ(expected(1000), "1");
}

TEST(GrpcTimeout, OfTheRequestDecidesWhereTheRouteHasAMaximum) {
  config::ForwardAction action;
  action.max_grpc_timeout_ms = 10000;
  action.grpc_timeout_header_offset = Milliseconds(1000);
  auto global = [&action](std::string_view header) {
    TestMessage request{{"content-type", "application/grpc"}, {"grpc-timeout", header}};
    RequestTimeouts timeouts = take_timeouts(action, request.headers, {.grpc = true});
    EXPECT_EQ(request.get("grpc-timeout"), std::to_string(timeouts.global.count()) + "m");
    return timeouts.global.count();
  };
  EXPECT_EQ(global("5S"), 4000);
  EXPECT_EQ(global("15S"), 10000);
  EXPECT_EQ(global("500m"), 500);
  EXPECT_EQ(global("bad"), 10000);
}

TEST(GrpcTimeout, Units) {
  auto parse = [](std::string_view text) -> int64_t {
    TestMessage request{{"grpc-timeout", text}};
    return grpc_timeout(request.headers).value_or(Milliseconds(-1)).count();
  };
  EXPECT_EQ(parse("2H"), 7200000);
  EXPECT_EQ(parse("2M"), 120000);
  EXPECT_EQ(parse("2S"), 2000);
  EXPECT_EQ(parse("2m"), 2);
  EXPECT_EQ(parse("1500u"), 2);
  EXPECT_EQ(parse("1n"), 1);
  EXPECT_EQ(parse("0m"), 0);
  for (std::string_view bad : {"", "S", "5", "5x", "-5S", "123456789S", "5 S"}) {
    EXPECT_EQ(parse(bad), -1) << bad;
  }
}

TEST(GrpcTimeout, IsWrittenInTheFinestUnitThatFits) {
  auto text = [](int64_t ms) {
    TestMessage request{};
    set_grpc_timeout(Milliseconds(ms), request.headers);
    return request.get("grpc-timeout");
  };
  EXPECT_EQ(text(99'999'999), "99999999m");
  EXPECT_EQ(text(100'000'000), "100000S");
  EXPECT_EQ(text(int64_t{100'000'000} * 1000), "1666666M");
  EXPECT_EQ(text(int64_t{1} << 62), "99999999H");
}

TEST(StreamDuration, FallsBackToTheConnectionManager) {
  config::ForwardAction action;
  TestMessage request{};
  EXPECT_EQ(take_stream_duration(action, Milliseconds(0), request.headers), std::nullopt);
  EXPECT_EQ(take_stream_duration(action, Milliseconds(9), request.headers), Milliseconds(9));
  action.max_stream_duration = Milliseconds(0);
  EXPECT_EQ(take_stream_duration(action, Milliseconds(9), request.headers), std::nullopt);
  action.max_stream_duration = Milliseconds(5);
  EXPECT_EQ(take_stream_duration(action, Milliseconds(9), request.headers), Milliseconds(5));
}

TEST(StreamDuration, FollowsGrpcTimeoutWithinTheRoutesLimits) {
  config::ForwardAction action;
  action.grpc_timeout_header_max = Milliseconds(10000);
  action.grpc_timeout_header_offset = Milliseconds(1000);
  auto limit = [&action](std::string_view header) {
    TestMessage request{{"content-type", "application/grpc"}, {"grpc-timeout", header}};
    auto duration = take_stream_duration(action, Milliseconds(0), request.headers);
    std::string sent = duration ? std::to_string(duration->count()) + "m" : "bad";
    EXPECT_EQ(request.get("grpc-timeout"), sent);
    return duration.value_or(Milliseconds(-1)).count();
  };
  EXPECT_EQ(limit("5S"), 4000);
  EXPECT_EQ(limit("20S"), 9000);
  EXPECT_EQ(limit("500m"), 0);
  EXPECT_EQ(limit("bad"), -1);
}

TEST(Grpc, IsToldByTheContentType) {
  auto grpc = [](std::string_view type) {
    TestMessage request{{"content-type", type}};
    return is_grpc(request.headers);
  };
  EXPECT_TRUE(grpc("application/grpc"));
  EXPECT_TRUE(grpc("application/grpc+json"));
  EXPECT_FALSE(grpc("application/grpc-web"));
  EXPECT_FALSE(grpc("application/json"));
}

}  // namespace
}  // namespace outrigger::route
