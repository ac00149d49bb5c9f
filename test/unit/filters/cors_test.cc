#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::cors::v3::Cors;
using envoy::extensions::filters::http::cors::v3::CorsPolicy;

constexpr char kPolicy[] = R"(
  allow_origin_string_match { suffix: ".example" }
  allow_methods: "GET,PUT" allow_headers: "x-a" expose_headers: "x-b" max_age: "600")";

class CorsTest : public FilterTest {
 protected:
  CorsTest() : filter(make<Cors>("")) {}

  void policy(const std::string& text) { context.levels.push_back(route_config<CorsPolicy>(text)); }
  Verdict request(const std::string& origin, const Headers& more = {}) {
    Headers headers{{":method", "GET"}, {":path", "/"}};
    if (!origin.empty()) headers.emplace_back("origin", origin);
    headers.insert(headers.end(), more.begin(), more.end());
    return filter.on_request_headers(context, context.make_request(headers), true);
  }
  Verdict preflight(const std::string& origin, const Headers& more = {}) {
    Headers headers{{":method", "OPTIONS"},
                    {":path", "/"},
                    {"origin", origin},
                    {"access-control-request-method", "PATCH"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return filter.on_request_headers(context, context.make_request(headers), true);
  }
  http::HeaderMap& response() {
    http::HeaderMap& headers = context.make_response({{":status", "200"}});
    EXPECT_EQ(filter.on_response_headers(context, headers, false).kind(), Kind::next);
    return headers;
  }

  HttpFilter& filter;
};

TEST_F(CorsTest, DoesNothingWithoutAPolicy) {
  EXPECT_EQ(preflight("http://a.example").kind(), Kind::next);
  EXPECT_EQ(response().size(), 1u);
}

TEST_F(CorsTest, DoesNothingWhereTheRouteForwardsNothing) {
  policy(kPolicy);
  context.mutable_route().action.emplace<config::DirectResponseAction>();
  EXPECT_EQ(preflight("http://a.example").kind(), Kind::next);
  EXPECT_EQ(response().size(), 1u);
  EXPECT_EQ(stat("http.ingress.cors.origin_valid"), 0);
}

TEST_F(CorsTest, LeavesARequestWithoutOriginAlone) {
  policy(kPolicy);
  EXPECT_EQ(request("").kind(), Kind::next);
  EXPECT_EQ(response().size(), 1u);
  EXPECT_EQ(stat("http.ingress.cors.origin_invalid"), 0);
}

TEST_F(CorsTest, SaysWhoMayReadTheResponse) {
  policy(std::string(kPolicy) + " allow_credentials { value: true }");
  EXPECT_EQ(request("http://a.example").kind(), Kind::next);
  http::HeaderMap& headers = response();
  EXPECT_EQ(headers.get("access-control-allow-origin"), "http://a.example");
  EXPECT_EQ(headers.get("access-control-allow-credentials"), "true");
  EXPECT_EQ(headers.get("access-control-expose-headers"), "x-b");
  EXPECT_EQ(headers.find("access-control-allow-methods"), nullptr);
  EXPECT_EQ(stat("http.ingress.cors.origin_valid"), 1);
}

TEST_F(CorsTest, ReplacesWhatTheUpstreamAllows) {
  policy(kPolicy);
  request("http://a.example");
  http::HeaderMap& headers = context.make_response({{"access-control-allow-origin", "*"}});
  filter.on_response_headers(context, headers, true);
  EXPECT_EQ(headers.count("access-control-allow-origin"), 1u);
  EXPECT_EQ(headers.get("access-control-allow-origin"), "http://a.example");
}

TEST_F(CorsTest, LeavesTheResponseToAnotherOriginAsItIs) {
  policy(kPolicy);
  EXPECT_EQ(request("http://evil.test").kind(), Kind::next);
  EXPECT_EQ(response().size(), 1u);
  EXPECT_EQ(stat("http.ingress.cors.origin_invalid"), 1);
}

TEST_F(CorsTest, AnswersAPreflight) {
  policy(kPolicy);
  Verdict verdict = preflight("http://a.example");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 200);
  EXPECT_EQ(verdict.local_reply().outcome.details, "cors_response");
  EXPECT_TRUE(verdict.local_reply().as_is);
  http::HeaderMap& headers = response();
  EXPECT_EQ(headers.get("access-control-allow-origin"), "http://a.example");
  EXPECT_EQ(headers.get("access-control-allow-methods"), "GET,PUT");
  EXPECT_EQ(headers.get("access-control-allow-headers"), "x-a");
  EXPECT_EQ(headers.get("access-control-max-age"), "600");
  EXPECT_EQ(headers.find("access-control-allow-private-network"), nullptr);
}

TEST_F(CorsTest, OptionsWithoutARequestedMethodIsNoPreflight) {
  policy(kPolicy);
  http::HeaderMap& headers =
      context.make_request({{":method", "OPTIONS"}, {"origin", "http://a.example"}});
  EXPECT_EQ(filter.on_request_headers(context, headers, true).kind(), Kind::next);
}

TEST_F(CorsTest, AStarGrantsWhatWasAskedFor) {
  policy(R"(allow_origin_string_match { exact: "*" } allow_methods: "*" allow_headers: "*")");
  EXPECT_EQ(preflight("http://any", {{"access-control-request-headers", "x-q"}}).kind(),
            Kind::reply);
  http::HeaderMap& headers = response();
  EXPECT_EQ(headers.get("access-control-allow-origin"), "http://any");
  EXPECT_EQ(headers.get("access-control-allow-methods"), "PATCH");
  EXPECT_EQ(headers.get("access-control-allow-headers"), "x-q");
}

TEST_F(CorsTest, ForwardsThePreflightOfAnotherOrigin) {
  policy(kPolicy);
  EXPECT_EQ(preflight("http://evil.test").kind(), Kind::next);
}

TEST_F(CorsTest, AnswersThePreflightOfAnotherOriginWithoutAllowingItWhenToldTo) {
  policy(std::string(kPolicy) + " forward_not_matching_preflights { value: false }");
  EXPECT_EQ(preflight("http://evil.test").kind(), Kind::reply);
  http::HeaderMap& headers = response();
  EXPECT_EQ(headers.find("access-control-allow-origin"), nullptr);
  EXPECT_EQ(headers.get("access-control-allow-methods"), "GET,PUT");
}

TEST_F(CorsTest, AllowsPrivateNetworksToWhoAsks) {
  policy(std::string(kPolicy) + " allow_private_network_access { value: true }");
  preflight("http://a.example", {{"access-control-request-private-network", "true"}});
  EXPECT_EQ(response().get("access-control-allow-private-network"), "true");
}

TEST_F(CorsTest, ARuleComesFromTheMostSpecificLevelThatHasIt) {
  policy(R"(allow_origin_string_match { exact: "http://host" } max_age: "1" allow_methods: "GET")");
  policy(R"(allow_origin_string_match { exact: "http://route" } max_age: "2")");
  EXPECT_EQ(preflight("http://host").kind(), Kind::next);
  EXPECT_EQ(preflight("http://route").kind(), Kind::reply);
  http::HeaderMap& headers = response();
  EXPECT_EQ(headers.get("access-control-max-age"), "2");
  EXPECT_EQ(headers.get("access-control-allow-methods"), "GET");
}

TEST_F(CorsTest, AShadowedPolicyOnlyCounts) {
  policy(std::string(kPolicy) + R"(
    filter_enabled { default_value { numerator: 0 } runtime_key: "on" }
    shadow_enabled { default_value { numerator: 100 } })");
  EXPECT_EQ(preflight("http://a.example").kind(), Kind::next);
  EXPECT_EQ(response().size(), 1u);
  EXPECT_EQ(stat("http.ingress.cors.origin_valid"), 1);
}

TEST_F(CorsTest, APolicyThatIsOffDoesNotCount) {
  policy(std::string(kPolicy) + " filter_enabled { default_value { numerator: 0 } }");
  EXPECT_EQ(preflight("http://a.example").kind(), Kind::next);
  EXPECT_EQ(stat("http.ingress.cors.origin_valid"), 0);
}

TEST_F(CorsTest, RuntimeTurnsAPolicyOn) {
  policy(std::string(kPolicy) +
         R"( filter_enabled { default_value { numerator: 0 } runtime_key: "on" })");
  context.runtime["on"] = 100;
  EXPECT_EQ(preflight("http://a.example").kind(), Kind::reply);
}

}  // namespace
}  // namespace outrigger::filters::test
