// Buckets that fill evenly, descriptors that choose one, and what a refusal looks like.
#include "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.pb.h"

#include "api/filter/rate_limit_descriptor.h"
#include "filters/http/local_ratelimit/token_bucket.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::local_ratelimit::v3::LocalRateLimit;
using http_local_ratelimit::TokenBucket;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(HttpTokenBucket, HoldsSoMuchAndFillsEvenly) {
  TokenBucket bucket({4, 2, seconds(10)});
  TokenBucket::Time now{seconds(1000)};
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(bucket.take(1, now));
  EXPECT_FALSE(bucket.take(1, now));
  EXPECT_EQ(bucket.seconds_to_next(now), 5u);
  EXPECT_FALSE(bucket.take(1, now + milliseconds(4990)));
  EXPECT_TRUE(bucket.take(1, now + seconds(5)));
  EXPECT_FALSE(bucket.take(1, now + seconds(5)));
  EXPECT_TRUE(bucket.take(4, now + seconds(500)));
  EXPECT_FALSE(bucket.take(1, now + seconds(500)));
}

TEST(HttpTokenBucket, TakesAllOrNothing) {
  TokenBucket bucket({3, 1, seconds(1)});
  TokenBucket::Time now{seconds(1000)};
  EXPECT_FALSE(bucket.take(4, now));
  EXPECT_TRUE(bucket.take(3, now));
}

class LocalRateLimitTest : public FilterTest {
 protected:
  Verdict request(HttpFilter& filter, const Headers& more = {}) {
    Headers headers{{":method", "GET"}, {":path", "/x?a=1&b="}};
    headers.insert(headers.end(), more.begin(), more.end());
    return filter.on_request_headers(context, context.make_request(headers), true);
  }
  config::ForwardAction& action() {
    return std::get<config::ForwardAction>(context.mutable_route().action);
  }
  void limits(const std::string& text, std::vector<config::RateLimit>& out) {
    auto limit = compile_context.compile(parse<envoy::config::route::v3::RateLimit>(text));
    ASSERT_TRUE(limit.ok()) << limit.status();
    out.push_back(*limit);
  }
  std::vector<std::pair<std::string, std::string>> described(const std::string& actions) {
    std::vector<config::RateLimit> all;
    limits(actions, all);
    std::vector<RateLimitDescriptor> out;
    describe_request(context, all, 0, out);
    return out.empty() ? std::vector<std::pair<std::string, std::string>>{} : out[0].entries;
  }

  const std::string bucket = "token_bucket { max_tokens: 1 fill_interval { seconds: 10 } } ";
  const std::string on = "filter_enabled { default_value { numerator: 100 } } ";
  const std::string enforced = "filter_enforced { default_value { numerator: 100 } } ";
};

TEST_F(LocalRateLimitTest, RefusesWhatIsTooMuch) {
  auto& filter =
      make<LocalRateLimit>("stat_prefix: 'l' " + bucket + on + enforced +
                           "response_headers_to_add { header { key: 'x-l' value: 'v' } } "
                           "enable_x_ratelimit_headers: DRAFT_VERSION_03");
  EXPECT_EQ(request(filter).kind(), Kind::next);
  Verdict verdict = request(filter);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 429);
  EXPECT_EQ(verdict.local_reply().body, "local_rate_limited");
  EXPECT_EQ(verdict.local_reply().headers->get("x-l"), "v");
  EXPECT_TRUE(verdict.local_reply().outcome.flags.has(ResponseFlag::rate_limited));
  http::HeaderMap& response = context.make_response({{":status", "429"}});
  filter.on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-ratelimit-limit"), "1");
  EXPECT_EQ(response.get("x-ratelimit-remaining"), "0");
  EXPECT_EQ(response.get("x-ratelimit-reset"), "10");
  EXPECT_EQ(stat("l.http_local_rate_limit.enabled"), 2);
  EXPECT_EQ(stat("l.http_local_rate_limit.enforced"), 1);
  context.time += seconds(10);
  EXPECT_EQ(request(filter).kind(), Kind::next);
}

TEST_F(LocalRateLimitTest, IsOffWithoutAFraction) {
  auto& filter = make<LocalRateLimit>("stat_prefix: 'l' " + bucket + enforced);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(request(filter).kind(), Kind::next);
  EXPECT_EQ(stat("l.http_local_rate_limit.enabled"), 0);
}

TEST_F(LocalRateLimitTest, WithoutEnforcementTheUpstreamIsTold) {
  auto& filter = make<LocalRateLimit>(
      "stat_prefix: 'l' " + bucket + on +
      "request_headers_to_add_when_not_enforced { header { key: 'x-over' value: '1' } }");
  request(filter);
  EXPECT_EQ(context.request_headers().get("x-over"), "");
  EXPECT_EQ(request(filter).kind(), Kind::next);
  EXPECT_EQ(context.request_headers().get("x-over"), "1");
  EXPECT_EQ(stat("l.http_local_rate_limit.rate_limited"), 1);
}

TEST_F(LocalRateLimitTest, ARouteHasItsOwn) {
  auto& filter = make<LocalRateLimit>("stat_prefix: 'l' " + bucket + on + enforced);
  context.levels = {route_config<LocalRateLimit>(
      "stat_prefix: 'r' status { code: ServiceUnavailable } rate_limited_as_resource_exhausted: "
      "true token_bucket { max_tokens: 2 fill_interval { seconds: 1 } } " +
      on + enforced)};
  EXPECT_EQ(request(filter).kind(), Kind::next);
  EXPECT_EQ(request(filter).kind(), Kind::next);
  Verdict verdict = request(filter);
  EXPECT_EQ(verdict.local_reply().code, 503);
  EXPECT_EQ(verdict.local_reply().grpc_status, 8);
  EXPECT_EQ(stat("r.http_local_rate_limit.ok"), 2);
  EXPECT_EQ(stat("l.http_local_rate_limit.ok"), 0);
}

TEST_F(LocalRateLimitTest, ADescriptorHasABucketOfItsOwn) {
  auto& filter = make<LocalRateLimit>(
      "stat_prefix: 'l' token_bucket { max_tokens: 100 fill_interval { seconds: 10 } } " + on +
      enforced +
      "descriptors { entries { key: 'user' value: 'bob' } token_bucket { max_tokens: 1 "
      "fill_interval { seconds: 10 } } }");
  limits("actions { request_headers { header_name: 'X-User' descriptor_key: 'user' } }",
         action().rate_limits);
  EXPECT_EQ(request(filter, {{"x-user", "bob"}}).kind(), Kind::next);
  EXPECT_EQ(request(filter, {{"x-user", "bob"}}).kind(), Kind::reply);
  EXPECT_EQ(request(filter, {{"x-user", "eve"}}).kind(), Kind::next);
  EXPECT_EQ(request(filter).kind(), Kind::next);
}

TEST_F(LocalRateLimitTest, DescribesARequest) {
  context.info().downstream_remote = *net::Address::from_ip("10.1.2.3", 9);
  request(make<LocalRateLimit>("stat_prefix: 'l'"), {{"x-a", "1"}});
  using Entries = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(described("actions { source_cluster {} } actions { destination_cluster {} }"),
            (Entries{{"source_cluster", "own-cluster"}, {"destination_cluster", "backend"}}));
  EXPECT_EQ(described("actions { remote_address {} } actions { masked_remote_address { "
                      "v4_prefix_mask_len { value: 12 } } }"),
            (Entries{{"remote_address", "10.1.2.3"}, {"masked_remote_address", "10.0.0.0/12"}}));
  EXPECT_EQ(described("actions { generic_key { descriptor_value: 'v' } }"),
            (Entries{{"generic_key", "v"}}));
  EXPECT_EQ(described("actions { header_value_match { descriptor_value: 'v' headers { name: 'x-a' "
                      "string_match { exact: '1' } } } }"),
            (Entries{{"header_match", "v"}}));
  EXPECT_EQ(described("actions { header_value_match { descriptor_value: 'v' expect_match { value: "
                      "false } headers { name: 'x-a' present_match: true } } }"),
            Entries{});
  EXPECT_EQ(described("actions { query_parameters { query_parameter_name: 'a' descriptor_key: 'k' "
                      "} }"),
            (Entries{{"k", "1"}}));
  EXPECT_EQ(described("actions { request_headers { header_name: 'x-none' descriptor_key: 'k' } } "
                      "actions { generic_key { descriptor_value: 'v' } }"),
            Entries{});
  EXPECT_EQ(described("actions { request_headers { header_name: 'x-none' descriptor_key: 'k' "
                      "skip_if_absent: true } } actions { generic_key { descriptor_value: 'v' } }"),
            (Entries{{"generic_key", "v"}}));
  EXPECT_EQ(described("actions { metadata { descriptor_key: 'k' default_value: 'd' metadata_key { "
                      "key: 'f' path { key: 'p' } } } }"),
            (Entries{{"k", "d"}}));
  EXPECT_EQ(described("stage { value: 1 } actions { remote_address {} }"), Entries{});
}

TEST_F(LocalRateLimitTest, TheVirtualHostsLimitsCountWhereTheRouteHasNone) {
  config::VirtualHost host;
  limits("actions { generic_key { descriptor_value: 'host' } }", host.rate_limits);
  context.info().virtual_host = &host;
  EXPECT_EQ(describe_routed_request(context, 0, HostRateLimits::overridden).size(), 1u);
  EXPECT_EQ(describe_routed_request(context, 0, HostRateLimits::ignored).size(), 0u);
  limits("actions { generic_key { descriptor_value: 'route' } }", action().rate_limits);
  EXPECT_EQ(describe_routed_request(context, 0, HostRateLimits::overridden).size(), 1u);
  EXPECT_EQ(describe_routed_request(context, 0, HostRateLimits::included).size(), 2u);
  action().include_host_rate_limits = true;
  EXPECT_EQ(describe_routed_request(context, 0, HostRateLimits::overridden).size(), 2u);
}

TEST_F(LocalRateLimitTest, AConnectionHasABucketOfItsOwn) {
  auto factory = try_compile<LocalRateLimit>(
      bucket + on +
      "filter_enforced { default_value { numerator: 100 } } "
      "local_rate_limit_per_downstream_connection: true stat_prefix: \"s\"");
  ASSERT_TRUE(factory.ok()) << factory.status();
  EXPECT_EQ(request(make(*factory)).kind(), Kind::next);
  EXPECT_EQ(request(make(*factory)).kind(), Kind::reply);
  FakeContext other;
  ArenaPtr<HttpFilter> filter = (*factory)->create(other.arena());
  http::HeaderMap& headers = other.make_request({{":path", "/"}});
  EXPECT_EQ(filter->on_request_headers(other, headers, true).kind(), Kind::next);
  filter = (*factory)->create(other.arena());
  EXPECT_EQ(filter->on_request_headers(other, headers, true).kind(), Kind::reply);
}

TEST_F(LocalRateLimitTest, SaysWhatIsWrongWithItsConfiguration) {
  EXPECT_EQ(try_compile<LocalRateLimit>("token_bucket { max_tokens: 1 fill_interval { nanos: "
                                        "1000000 } }")
                .status()
                .message(),
            "token_bucket.fill_interval: 1 ms is shorter than 50 ms");
}

}  // namespace
}  // namespace outrigger::filters::test
