#include "envoy/extensions/filters/http/health_check/v3/health_check.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::health_check::v3::HealthCheck;

constexpr char kHealthz[] = R"(headers { name: ":path" string_match { exact: "/healthz" } })";
const std::string kAnswering = std::string("pass_through_mode { value: false } ") + kHealthz;
const std::string kPassing = std::string("pass_through_mode { value: true } ") + kHealthz;

class HealthCheckTest : public FilterTest {
 protected:
  Verdict ask(HttpFilter& filter, const std::string& path = "/healthz") {
    http::HeaderMap& headers = context.make_request({{":method", "GET"}, {":path", path}});
    return filter.on_request_headers(context, headers, true);
  }
  http::HeaderMap& respond(HttpFilter& filter, const Headers& headers) {
    http::HeaderMap& response = context.make_response(headers);
    filter.on_response_headers(context, response, true);
    return response;
  }
};

TEST_F(HealthCheckTest, AnswersForAHealthyProxy) {
  HttpFilter& filter = make<HealthCheck>(kAnswering);
  Verdict verdict = ask(filter);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 200);
  EXPECT_EQ(verdict.local_reply().body, "");
  EXPECT_EQ(verdict.local_reply().outcome.details, "health_check_ok");
  EXPECT_TRUE(verdict.local_reply().outcome.flags.none());
  EXPECT_TRUE(context.info().health_check);
  http::HeaderMap& response = respond(filter, {{":status", "200"}});
  EXPECT_EQ(response.get("x-envoy-upstream-healthchecked-cluster"), "own-cluster");
}

TEST_F(HealthCheckTest, AFailingProxySaysSo) {
  context.healthy = false;
  for (const std::string& config : {kAnswering, kPassing}) {
    Verdict verdict = ask(make<HealthCheck>(config));
    ASSERT_EQ(verdict.kind(), Kind::reply);
    EXPECT_EQ(verdict.local_reply().code, 503);
    EXPECT_EQ(verdict.local_reply().outcome.details, "health_check_failed");
    EXPECT_TRUE(verdict.local_reply().outcome.flags.has(ResponseFlag::failed_local_health_check));
  }
}

TEST_F(HealthCheckTest, ReadsTheRequestToItsEndBeforeItAnswers) {
  HttpFilter& filter = make<HealthCheck>(kAnswering);
  http::HeaderMap& headers = context.make_request({{":path", "/healthz"}});
  EXPECT_EQ(filter.on_request_headers(context, headers, false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_request_body(context, "a", false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_request_body(context, "b", true).kind(), Kind::reply);
}

TEST_F(HealthCheckTest, TrailersAreAnEndToo) {
  HttpFilter& filter = make<HealthCheck>(kAnswering);
  http::HeaderMap& headers = context.make_request({{":path", "/healthz"}});
  filter.on_request_headers(context, headers, false);
  EXPECT_EQ(filter.on_request_trailers(context, context.make_trailers({})).kind(), Kind::reply);
}

TEST_F(HealthCheckTest, OtherRequestsPass) {
  HttpFilter& filter = make<HealthCheck>(kAnswering);
  EXPECT_EQ(ask(filter, "/other").kind(), Kind::next);
  EXPECT_FALSE(context.info().health_check);
  EXPECT_EQ(respond(filter, {{":status", "200"}}).size(), 1u);
}

TEST_F(HealthCheckTest, AFailingProxyTellsItToAllItsCallers) {
  context.healthy = false;
  HttpFilter& filter = make<HealthCheck>(kAnswering);
  EXPECT_EQ(ask(filter, "/other").kind(), Kind::next);
  EXPECT_EQ(respond(filter, {{":status", "200"}}).get("x-envoy-immediate-health-check-fail"),
            "true");
}

TEST_F(HealthCheckTest, LetsTheUpstreamAnswerInPassThroughMode) {
  HttpFilter& filter = make<HealthCheck>(kPassing);
  EXPECT_EQ(ask(filter).kind(), Kind::next);
  EXPECT_TRUE(context.info().health_check);
  EXPECT_EQ(respond(filter, {{":status", "200"}}).get("x-envoy-upstream-healthchecked-cluster"),
            "own-cluster");
}

TEST_F(HealthCheckTest, CachesTheUpstreamsAnswerForAWhile) {
  auto factory = *try_compile<HealthCheck>(kPassing + " cache_time { seconds: 2 }");
  HttpFilter& first = make(factory);
  EXPECT_EQ(ask(first).kind(), Kind::next);
  respond(first, {{":status", "204"}, {"x-envoy-degraded", ""}});

  context.time += std::chrono::milliseconds(1999);
  HttpFilter& second = make(factory);
  Verdict verdict = ask(second);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 204);
  EXPECT_EQ(verdict.local_reply().outcome.details, "health_check_cached");
  EXPECT_TRUE(verdict.local_reply().outcome.flags.none());
  EXPECT_TRUE(respond(second, {{":status", "204"}}).has(http::HeaderId::x_envoy_degraded));

  // That answer was no news: the cache's time is over as it was set.
  context.time += std::chrono::milliseconds(1);
  EXPECT_EQ(ask(make(factory)).kind(), Kind::next);
}

TEST_F(HealthCheckTest, ACachedFailureHasTheFlag) {
  auto factory = *try_compile<HealthCheck>(kPassing + " cache_time { seconds: 2 }");
  HttpFilter& first = make(factory);
  ask(first);
  respond(first, {{":status", "500"}});
  Verdict verdict = ask(make(factory));
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 500);
  EXPECT_TRUE(verdict.local_reply().outcome.flags.has(ResponseFlag::failed_local_health_check));
}

TEST_F(HealthCheckTest, ACacheWithoutPassThroughIsRefused) {
  auto factory = try_compile<HealthCheck>(kAnswering + " cache_time { seconds: 2 }");
  EXPECT_THAT(std::string(factory.status().message()), testing::HasSubstr("cache_time"));
}

class ClusterHealthTest : public HealthCheckTest {
 protected:
  LocalReply ask_about(const ClusterHealth& health, int min_percent) {
    context.clusters["backend"] = health;
    Verdict verdict = ask(make<HealthCheck>(
        kAnswering + " cluster_min_healthy_percentages { key: 'backend' value { value: " +
        std::to_string(min_percent) + " } }"));
    EXPECT_EQ(verdict.kind(), Kind::reply);
    return verdict.local_reply();
  }
};

TEST_F(ClusterHealthTest, EnoughHealthyEndpointsMakeItHealthy) {
  LocalReply reply = ask_about({true, 4, 2}, 50);
  EXPECT_EQ(reply.code, 200);
  EXPECT_EQ(reply.outcome.details, "health_check_ok_cluster_healthy");
}

TEST_F(ClusterHealthTest, TooFewHealthyEndpointsFail) {
  LocalReply reply = ask_about({true, 4, 1}, 50);
  EXPECT_EQ(reply.code, 503);
  EXPECT_EQ(reply.outcome.details, "health_check_failed_cluster_unhealthy");
  EXPECT_TRUE(reply.outcome.flags.has(ResponseFlag::failed_local_health_check));
  EXPECT_THAT(std::string(reply.outcome.cause), testing::HasSubstr("backend"));
}

TEST_F(ClusterHealthTest, AnEmptyClusterIsHealthyOnlyForNoRequirement) {
  EXPECT_EQ(ask_about({true, 0, 0}, 1).outcome.details, "health_check_failed_cluster_empty");
  EXPECT_EQ(ask_about({true, 0, 0}, 0).code, 200);
}

TEST_F(ClusterHealthTest, AMissingClusterFails) {
  EXPECT_EQ(ask_about({false, 0, 0}, 0).outcome.details, "health_check_failed_no_cluster_found");
}

}  // namespace
}  // namespace outrigger::filters::test
