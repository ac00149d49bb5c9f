// The service is asked with the request's descriptors; what it says is done.
#include "envoy/extensions/filters/http/ratelimit/v3/rate_limit.pb.h"
#include "envoy/service/ratelimit/v3/rls.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::ratelimit::v3::RateLimit;
using envoy::extensions::filters::http::ratelimit::v3::RateLimitPerRoute;
using envoy::service::ratelimit::v3::RateLimitRequest;
using envoy::service::ratelimit::v3::RateLimitResponse;

class GlobalRateLimitTest : public FilterTest {
 protected:
  GlobalRateLimitTest() {
    context.cluster_configs["backend"];
    auto limit = compile_context.compile(parse<envoy::config::route::v3::RateLimit>(
        "actions { request_headers { header_name: 'x-user' descriptor_key: 'user' } }"));
    std::get<config::ForwardAction>(context.mutable_route().action).rate_limits.push_back(*limit);
  }
  Verdict request(const std::string& more = "", const Headers& extra = {{"x-user", "bob"}}) {
    Headers headers{{":method", "GET"}, {":path", "/"}};
    headers.insert(headers.end(), extra.begin(), extra.end());
    filter = &make<RateLimit>(
        "domain: 'd' rate_limit_service { transport_api_version: V3 grpc_service { envoy_grpc { "
        "cluster_name: 'rls' } } } " +
        more);
    return filter->on_request_headers(context, context.make_request(headers), true);
  }
  void answer(const std::string& text) {
    context.grpc.answer(context.grpc.calls.size() - 1,
                        parse<RateLimitResponse>(text).SerializeAsString());
  }

  HttpFilter* filter = nullptr;
};

TEST_F(GlobalRateLimitTest, AsksWithTheDescriptors) {
  EXPECT_EQ(request().kind(), Kind::wait);
  ASSERT_EQ(context.grpc.calls.size(), 1u);
  EXPECT_EQ(context.grpc.calls[0]->cluster, "rls");
  EXPECT_EQ(context.grpc.calls[0]->options.timeout, std::chrono::milliseconds(20));
  RateLimitRequest message;
  ASSERT_TRUE(message.ParseFromString(context.grpc.calls[0]->sent.at(0)));
  EXPECT_EQ(message.domain(), "d");
  ASSERT_EQ(message.descriptors_size(), 1);
  EXPECT_EQ(message.descriptors(0).entries(0).key(), "user");
  EXPECT_EQ(message.descriptors(0).entries(0).value(), "bob");
  answer("overall_code: OK request_headers_to_add { key: 'X-Left' value: '1' }");
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_EQ(context.request_headers().get("x-left"), "1");
  EXPECT_EQ(stat("cluster.backend.ratelimit.ok"), 1);
}

TEST_F(GlobalRateLimitTest, DoesNotAskAboutWhatHasNoDescriptor) {
  EXPECT_EQ(request("", {}).kind(), Kind::next);
  EXPECT_EQ(request("request_type: 'internal'").kind(), Kind::next);
  EXPECT_EQ(request("stage: 1").kind(), Kind::next);
  EXPECT_TRUE(context.grpc.calls.empty());
}

TEST_F(GlobalRateLimitTest, RefusesWhatIsOverTheLimit) {
  request(
      "enable_x_ratelimit_headers: DRAFT_VERSION_03 "
      "response_headers_to_add { header { key: 'x-l' value: 'v' } }");
  answer(
      "overall_code: OVER_LIMIT raw_body: 'slow' response_headers_to_add { key: 'x-r' value: "
      "'1' } statuses { code: OVER_LIMIT current_limit { requests_per_unit: 5 unit: MINUTE } "
      "limit_remaining: 0 duration_until_reset { seconds: 7 } }");
  ASSERT_EQ(context.replies.size(), 1u);
  const LocalReply& reply = context.replies[0];
  EXPECT_EQ(reply.code, 429);
  EXPECT_EQ(reply.body, "slow");
  EXPECT_EQ(reply.headers->get("x-envoy-ratelimited"), "true");
  EXPECT_EQ(reply.headers->get("x-l"), "v");
  EXPECT_EQ(reply.outcome.details, "request_rate_limited");
  http::HeaderMap& response = context.make_response({{":status", "429"}});
  filter->on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-r"), "1");
  EXPECT_EQ(response.get("x-ratelimit-limit"), "5, 5;w=60");
  EXPECT_EQ(response.get("x-ratelimit-remaining"), "0");
  EXPECT_EQ(response.get("x-ratelimit-reset"), "7");
}

TEST_F(GlobalRateLimitTest, AFailureLetsPassUnlessItDenies) {
  request();
  context.grpc.fail(0, grpc::Code::unavailable);
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_EQ(stat("cluster.backend.ratelimit.failure_mode_allowed"), 1);
  request("failure_mode_deny: true");
  context.grpc.answer(1, "\xff\xff");
  ASSERT_EQ(context.replies.size(), 1u);
  EXPECT_EQ(context.replies[0].code, 500);
  EXPECT_EQ(context.replies[0].outcome.details, "rate_limiter_error");
  EXPECT_TRUE(context.replies[0].outcome.flags.has(ResponseFlag::rate_limit_service_error));
}

TEST_F(GlobalRateLimitTest, ARouteMayHaveItsOwn) {
  context.levels = {route_config<RateLimitPerRoute>(
      "domain: 'own' rate_limits { actions { generic_key { descriptor_value: 'r' } } }")};
  request();
  RateLimitRequest message;
  ASSERT_TRUE(message.ParseFromString(context.grpc.calls[0]->sent.at(0)));
  EXPECT_EQ(message.domain(), "own");
  EXPECT_EQ(message.descriptors(0).entries(0).value(), "r");
}

}  // namespace
}  // namespace outrigger::filters::test
