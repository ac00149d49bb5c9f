#include "proxy/route/retry_condition.h"

#include <chrono>
#include <optional>

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using http::ResetReason;

config::RetryPolicy policy_on(std::string_view conditions) {
  config::RetryPolicy policy;
  policy.on = config::retry_on::parse(conditions);
  return policy;
}

bool retries_response(const config::RetryPolicy& policy, TestMessage::Fields response_fields,
                      TestMessage::Fields request_fields = {}) {
  TestMessage request(request_fields);
  TestMessage response(response_fields);
  RetryRules rules = take_retry_rules(&policy, request.headers);
  return should_retry(rules, response.headers, response.arena);
}

bool retries_reset(std::string_view conditions, ResetReason reason, bool started = true) {
  config::RetryPolicy policy = policy_on(conditions);
  RetryRules rules;
  rules.on = policy.on;
  rules.policy = &policy;
  return should_retry(rules, reason, started);
}

TEST(RetryCondition, StatusCodes) {
  EXPECT_TRUE(retries_response(policy_on("5xx"), {{":status", "500"}}));
  EXPECT_FALSE(retries_response(policy_on("5xx"), {{":status", "499"}}));
  EXPECT_TRUE(retries_response(policy_on("gateway-error"), {{":status", "504"}}));
  EXPECT_FALSE(retries_response(policy_on("gateway-error"), {{":status", "500"}}));
  EXPECT_TRUE(retries_response(policy_on("retriable-4xx"), {{":status", "409"}}));
  EXPECT_FALSE(retries_response(policy_on("retriable-4xx"), {{":status", "404"}}));
  EXPECT_FALSE(retries_response(policy_on("connect-failure"), {{":status", "503"}}));
}

TEST(RetryCondition, ListedStatusCodesOfPolicyAndRequest) {
  config::RetryPolicy policy = policy_on("retriable-status-codes");
  policy.retriable_status_codes = {404};
  EXPECT_TRUE(retries_response(policy, {{":status", "404"}}));
  EXPECT_FALSE(retries_response(policy, {{":status", "410"}}));
  EXPECT_TRUE(retries_response(policy, {{":status", "410"}},
                               {{"x-envoy-retriable-status-codes", "x, 410"}}));
  // The list alone asks for nothing.
  EXPECT_FALSE(retries_response(policy_on("connect-failure"), {{":status", "410"}},
                                {{"x-envoy-retriable-status-codes", "410"}}));
}

TEST(RetryCondition, ResponseHeadersOfPolicyAndRequest) {
  config::RetryPolicy policy = policy_on("retriable-headers");
  config::HeaderMatch header;
  header.name = "x-again";
  policy.retriable_headers.push_back(header);
  EXPECT_TRUE(retries_response(policy, {{":status", "200"}, {"x-again", ""}}));
  EXPECT_FALSE(retries_response(policy, {{":status", "200"}}));
  EXPECT_TRUE(retries_response(policy, {{":status", "200"}, {"x-more", "1"}},
                               {{"x-envoy-retriable-header-names", "X-More, x-other"}}));
}

TEST(RetryCondition, GrpcStatusInTheHeaders) {
  EXPECT_TRUE(
      retries_response(policy_on("unavailable"), {{":status", "200"}, {"grpc-status", "14"}}));
  EXPECT_FALSE(
      retries_response(policy_on("unavailable"), {{":status", "200"}, {"grpc-status", "13"}}));
  EXPECT_TRUE(retries_response(policy_on("internal"), {{":status", "200"}, {"grpc-status", "13"}}));
  EXPECT_TRUE(retries_response(policy_on("cancelled"), {{":status", "200"}, {"grpc-status", "1"}}));
  EXPECT_TRUE(
      retries_response(policy_on("deadline-exceeded"), {{":status", "200"}, {"grpc-status", "4"}}));
  EXPECT_TRUE(retries_response(policy_on("resource-exhausted"),
                               {{":status", "200"}, {"grpc-status", "8"}}));
  EXPECT_FALSE(retries_response(policy_on("unavailable"), {{":status", "200"}}));
}

TEST(RetryCondition, ARateLimitedResponseIsRetriedOnlyIfAskedFor) {
  TestMessage::Fields limited = {{":status", "503"}, {"x-envoy-ratelimited", "true"}};
  EXPECT_FALSE(retries_response(policy_on("5xx"), limited));
  EXPECT_TRUE(retries_response(policy_on("envoy-ratelimited"), limited));
}

TEST(RetryCondition, Resets) {
  EXPECT_TRUE(retries_reset("connect-failure", ResetReason::connection_failure, false));
  EXPECT_FALSE(retries_reset("connect-failure", ResetReason::remote_reset));
  EXPECT_TRUE(retries_reset("refused-stream", ResetReason::remote_refused_stream));
  EXPECT_FALSE(retries_reset("refused-stream", ResetReason::remote_reset));
  EXPECT_TRUE(retries_reset("reset", ResetReason::connection_termination));
  EXPECT_TRUE(retries_reset("5xx", ResetReason::local_reset));
  EXPECT_TRUE(retries_reset("gateway-error", ResetReason::remote_reset));
  EXPECT_FALSE(retries_reset("retriable-4xx", ResetReason::remote_reset));
}

TEST(RetryCondition, ResetBeforeRequestWantsThatNothingWasSent) {
  EXPECT_TRUE(retries_reset("reset-before-request", ResetReason::remote_reset, false));
  EXPECT_FALSE(retries_reset("reset-before-request", ResetReason::remote_reset, true));
}

TEST(RetryCondition, AnOverflowIsNeverRetried) {
  EXPECT_FALSE(retries_reset("5xx,reset,connect-failure", ResetReason::overflow, false));
}

TEST(RetryRules, HeadersAddToThePolicyAndLeaveTheRequest) {
  config::RetryPolicy policy = policy_on("connect-failure");
  policy.num_retries = 4;
  TestMessage request{{"x-envoy-retry-on", "5xx,unknown"},
                      {"x-envoy-retry-grpc-on", "unavailable"},
                      {"x-envoy-max-retries", "2"},
                      {"x-envoy-retriable-status-codes", "1"},
                      {"x-envoy-retriable-header-names", "a"},
                      {"x-else", "stays"}};
  RetryRules rules = take_retry_rules(&policy, request.headers);
  EXPECT_EQ(rules.on, config::retry_on::connect_failure | config::retry_on::server_error |
                          config::retry_on::grpc_unavailable);
  EXPECT_EQ(rules.retries, 2u);
  EXPECT_EQ(request.headers.size(), 1u);
  EXPECT_TRUE(request.has("x-else"));
}

TEST(RetryRules, WithoutAPolicyTheHeadersAllowOneRetry) {
  TestMessage request{{"x-envoy-retry-on", "5xx"}};
  RetryRules rules = take_retry_rules(nullptr, request.headers);
  EXPECT_TRUE(rules.enabled());
  EXPECT_EQ(rules.retries, 1u);
  TestMessage plain{};
  EXPECT_FALSE(take_retry_rules(nullptr, plain.headers).enabled());
}

TEST(RetryRules, APolicyMayBeForSomeRequestsOnly) {
  config::RetryPolicy policy = policy_on("5xx");
  config::HeaderMatch get;
  get.name = ":method";
  get.kind = config::HeaderMatch::Kind::string;
  get.string.text = "GET";
  policy.retriable_request_headers.push_back(get);
  EXPECT_TRUE(retries_response(policy, {{":status", "503"}}, {{":method", "GET"}}));
  EXPECT_FALSE(retries_response(policy, {{":status", "503"}}, {{":method", "POST"}}));
}

TEST(RetryDelay, GrowsUpToItsLimit) {
  config::RetryPolicy policy;
  RetryRules rules;
  rules.policy = &policy;
  // The largest random number gives the longest delay of each try.
  auto longest = [&rules](uint32_t retry) {
    int64_t most = 0;
    for (uint64_t random = 0; random < 400; ++random) {
      most = std::max<int64_t>(most, retry_delay(rules, retry, random).count());
    }
    return most;
  };
  EXPECT_EQ(longest(1), 24);
  EXPECT_EQ(longest(2), 49);
  EXPECT_EQ(longest(4), 199);
  EXPECT_EQ(longest(5), 249);
  EXPECT_EQ(longest(4'000'000'000), 249);
}

std::optional<int64_t> reset_delay(TestMessage::Fields response_fields, uint64_t random = 0) {
  config::RetryPolicy policy;
  policy.reset_headers = {{"x-reset", true}, {"retry-after", false}};
  policy.reset_max_interval = std::chrono::seconds(60);
  RetryRules rules;
  rules.policy = &policy;
  TestMessage response(response_fields);
  std::chrono::system_clock::time_point now{std::chrono::seconds(1'000'000)};
  auto delay = rate_limited_delay(rules, response.headers, now, random);
  if (!delay) return std::nullopt;
  return delay->count();
}

TEST(RateLimitedDelay, IsWhatTheHeaderSaysAndUpToHalfOfItMore) {
  EXPECT_EQ(reset_delay({{"retry-after", "10"}}), 10'000);
  EXPECT_EQ(reset_delay({{"retry-after", "10"}}, 4'999), 14'999);
  EXPECT_EQ(reset_delay({{"retry-after", "10"}}, 5'000), 10'000);
  EXPECT_EQ(reset_delay({{"x-reset", "1000007"}}), 7'000);
}

TEST(RateLimitedDelay, TakesTheFirstHeaderThatCounts) {
  EXPECT_EQ(reset_delay({{"retry-after", "10"}, {"x-reset", "1000007"}}), 7'000);
  EXPECT_EQ(reset_delay({{"x-reset", "999999"}, {"retry-after", "10"}}), 10'000);
  EXPECT_EQ(reset_delay({{"x-reset", "1000061"}, {"retry-after", "60"}}), 60'000);
}

TEST(RateLimitedDelay, IsNoneForWhatIsNoTimeOrTooLong) {
  EXPECT_EQ(reset_delay({}), std::nullopt);
  EXPECT_EQ(reset_delay({{"retry-after", "61"}}), std::nullopt);
  EXPECT_EQ(reset_delay({{"retry-after", "0"}}), std::nullopt);
  EXPECT_EQ(reset_delay({{"retry-after", "soon"}}), std::nullopt);
  EXPECT_EQ(reset_delay({{"retry-after", "-1"}}), std::nullopt);
  EXPECT_EQ(reset_delay({{"retry-after", "18446744073709551615"}}), std::nullopt);
}

TEST(Hedging, IsAsTheRequestAsks) {
  auto asks = [](bool configured, TestMessage::Fields fields) {
    TestMessage request(fields);
    bool hedges = take_hedging(configured, request.headers);
    EXPECT_FALSE(request.has("x-envoy-hedge-on-per-try-timeout"));
    return hedges;
  };
  EXPECT_TRUE(asks(true, {}));
  EXPECT_FALSE(asks(false, {}));
  EXPECT_TRUE(asks(false, {{"x-envoy-hedge-on-per-try-timeout", "true"}}));
  EXPECT_FALSE(asks(true, {{"x-envoy-hedge-on-per-try-timeout", "false"}}));
  EXPECT_TRUE(asks(true, {{"x-envoy-hedge-on-per-try-timeout", "no"}}));
}

}  // namespace
}  // namespace outrigger::route
