#include "envoy/extensions/filters/http/csrf/v3/csrf.pb.h"

#include "filters/http/csrf/filter.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::csrf::v3::CsrfPolicy;

constexpr char kEnabled[] = "filter_enabled { default_value { numerator: 100 } }";

class CsrfTest : public FilterTest {
 protected:
  Kind answer(const std::string& config, const Headers& headers) {
    HttpFilter& filter = make<CsrfPolicy>(config);
    return filter.on_request_headers(context, context.make_request(headers), true).kind();
  }
};

TEST_F(CsrfTest, TakesHostAndPortOfAUrl) {
  EXPECT_EQ(csrf::host_and_port("https://shop.example:8443/cart?x"), "shop.example:8443");
  EXPECT_EQ(csrf::host_and_port("https://shop.example"), "shop.example");
  EXPECT_EQ(csrf::host_and_port("https://user:a@shop.example#x"), "shop.example");
  EXPECT_EQ(csrf::host_and_port("http://[::1]:80/"), "[::1]:80");
  EXPECT_EQ(csrf::host_and_port("shop.example:8443"), "shop.example:8443");
  EXPECT_EQ(csrf::host_and_port("null"), "null");
  EXPECT_EQ(csrf::host_and_port("http://"), "http://");
  EXPECT_EQ(csrf::host_and_port("://x"), "://x");
}

TEST_F(CsrfTest, RefusesARequestOfAnotherOrigin) {
  HttpFilter& filter = make<CsrfPolicy>(kEnabled);
  Verdict verdict = filter.on_request_headers(
      context,
      context.make_request({{":method", "POST"}, {":authority", "a"}, {"origin", "http://b"}}),
      true);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 403);
  EXPECT_EQ(verdict.local_reply().outcome.details, "csrf_origin_mismatch");
  EXPECT_EQ(stat("http.ingress.csrf.request_invalid"), 1);
}

TEST_F(CsrfTest, LetsReadingRequestsPass) {
  EXPECT_EQ(answer(kEnabled, {{":method", "GET"}, {"origin", "http://b"}, {":authority", "a"}}),
            Kind::next);
}

TEST_F(CsrfTest, AsksTheRefererOnlyWithoutAnOrigin) {
  EXPECT_EQ(answer(kEnabled, {{":method", "POST"}, {"referer", "http://a/x"}, {":authority", "a"}}),
            Kind::next);
  EXPECT_EQ(answer(kEnabled, {{":method", "POST"},
                              {"origin", "null"},
                              {"referer", "http://a/x"},
                              {":authority", "a"}}),
            Kind::reply);
  EXPECT_EQ(stat("http.ingress.csrf.missing_source_origin"), 1);
}

TEST_F(CsrfTest, OnlyCountsInTheShadow) {
  EXPECT_EQ(answer("filter_enabled { default_value { numerator: 0 } } shadow_enabled { "
                   "default_value { numerator: 100 } }",
                   {{":method", "DELETE"}, {"origin", "http://b"}, {":authority", "a"}}),
            Kind::next);
  EXPECT_EQ(stat("http.ingress.csrf.request_invalid"), 1);
}

TEST_F(CsrfTest, TakesThePolicyOfTheMostSpecificLevel) {
  context.levels = {route_config<CsrfPolicy>(std::string(kEnabled) +
                                             R"( additional_origins { suffix: ".example" })")};
  EXPECT_EQ(answer("filter_enabled { default_value { numerator: 0 } }",
                   {{":method", "PUT"}, {"origin", "http://b.example"}, {":authority", "a"}}),
            Kind::next);
  EXPECT_EQ(answer("filter_enabled { default_value { numerator: 0 } }",
                   {{":method", "PUT"}, {"origin", "http://b.test"}, {":authority", "a"}}),
            Kind::reply);
}

}  // namespace
}  // namespace outrigger::filters::test
