// The custom_response filter: which policy a response meets, and what becomes of it.
#include <string>

#include "envoy/extensions/filters/http/custom_response/v3/custom_response.pb.h"

#include "filters/http/custom_response/policy.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::custom_response {
namespace {

using envoy::extensions::filters::http::custom_response::v3::CustomResponse;
using test::Headers;
using test::Kind;

constexpr const char* kCode = "envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput";
constexpr const char* kClass = "envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput";
constexpr const char* kLocal =
    "envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy";
constexpr const char* kRedirect =
    "envoy.extensions.http.custom_response.redirect_policy.v3.RedirectPolicy";

// One matcher: `input` is `value`, then the policy.
std::string rule(const std::string& input, const std::string& value, const std::string& policy,
                 const std::string& fields) {
  return "matchers { predicate { single_predicate { input { name: 'i' typed_config { "
         "[type.googleapis.com/" +
         input + "] {} } } value_match { exact: '" + value +
         "' } } } on_match { action { name: 'a' typed_config { [type.googleapis.com/" + policy +
         "] {" + fields + "} } } } }";
}

std::string with(const std::string& rules) {
  return "custom_response_matcher { matcher_list {" + rules + "} }";
}

class CustomResponseTest : public test::FilterTest {
 protected:
  Verdict answer(HttpFilter& filter, const std::string& code, bool request_seen = true) {
    auto& request = context.make_request({{":method", "GET"}, {":path", "/a"}, {"x-a", "1"}});
    if (request_seen) filter.on_request_headers(context, request, true);
    response = &context.make_response({{":status", code}, {"content-type", "text/html"}});
    return filter.on_response_headers(context, *response, false);
  }
  std::string problem(const std::string& config) {
    auto compiled = try_compile<CustomResponse>(config);
    EXPECT_FALSE(compiled.ok());
    return std::string(compiled.status().message());
  }
  http::HeaderMap* response = nullptr;
};

TEST_F(CustomResponseTest, PutsItsOwnBodyInThePlaceOfAResponse) {
  HttpFilter& filter = make<CustomResponse>(
      with(rule(kCode, "404", kLocal,
                "status_code { value: 499 } body { inline_string: 'gone' } response_headers_to_add "
                "{ header { key: 'X-Why' value: 'for %REQ(x-a)%' } }")));
  Verdict verdict = answer(filter, "404");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 499);
  EXPECT_EQ(verdict.local_reply().body, "gone");
  EXPECT_EQ(verdict.local_reply().headers->get("x-why"), "for 1");
  EXPECT_EQ(answer(filter, "403").kind(), Kind::next);
}

TEST_F(CustomResponseTest, KeepsTheCodeWhereNoneIsConfigured) {
  HttpFilter& filter = make<CustomResponse>(
      with(rule(kClass, "5xx", kLocal,
                "body { inline_string: 'b' } body_format { text_format_source { inline_string: "
                "'<%LOCAL_REPLY_BODY% %RESP(content-type)%>' } }")));
  Verdict verdict = answer(filter, "503");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 503);
  EXPECT_EQ(verdict.local_reply().body, "<b text/html>");
}

TEST_F(CustomResponseTest, MatchesFieldsOfTheResponseAndOfTheRequest) {
  HttpFilter& filter = make<CustomResponse>(with(
      "matchers { predicate { and_matcher { predicate { single_predicate { input { name: 'i' "
      "typed_config { [type.googleapis.com/envoy.type.matcher.v3.HttpResponseHeaderMatchInput] { "
      "header_name: 'Content-Type' } } } value_match { prefix: 'text/' } } } predicate { "
      "single_predicate { input { name: 'i' typed_config { "
      "[type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput] { header_name: "
      "'x-a' } } } value_match { exact: '1' } } } } } on_match { action { name: 'a' typed_config { "
      "[type.googleapis.com/" +
      std::string(kLocal) + "] { status_code { value: 200 } } } } } }"));
  EXPECT_EQ(answer(filter, "200").kind(), Kind::reply);
  response->set("content-type", "application/json");
  EXPECT_EQ(filter.on_response_headers(context, *response, true).kind(), Kind::next);
}

TEST_F(CustomResponseTest, TheMostSpecificLevelThatMatchesDecides) {
  HttpFilter& filter =
      make<CustomResponse>(with(rule(kClass, "4xx", kLocal, "status_code { value: 490 }")));
  context.levels = {
      route_config<CustomResponse>(with(rule(kCode, "404", kLocal, "status_code { value: 491 }"))),
      route_config<CustomResponse>(with(rule(kCode, "403", kLocal, "status_code { value: 492 }")))};
  EXPECT_EQ(answer(filter, "403").local_reply().code, 492);
  EXPECT_EQ(answer(filter, "404").local_reply().code, 491);
  EXPECT_EQ(answer(filter, "400").local_reply().code, 490);
  context.levels = {route_config<CustomResponse>("")};
  EXPECT_EQ(answer(filter, "404").local_reply().code, 490);
}

TEST_F(CustomResponseTest, SendsARequestElsewhere) {
  HttpFilter& filter = make<CustomResponse>(
      with(rule(kClass, "5xx", kRedirect,
                "uri: 'http://errors.example/sorry' request_headers_to_add { header { key: 'x-b' "
                "value: '2' } }")));
  answer(filter, "502");
  ASSERT_EQ(context.detours.size(), 1u);
  EXPECT_EQ(context.detours[0].url, "http://errors.example/sorry");
  EXPECT_EQ(context.detours[0].request_headers->add[0].name, "x-b");
  const auto* mark = dynamic_cast<const SentElsewhere*>(context.detours[0].mark.get());
  ASSERT_NE(mark, nullptr);
  EXPECT_EQ(mark->status, 502);
}

TEST_F(CustomResponseTest, LeavesTheResponseWhereTheRequestCannotGoElsewhere) {
  HttpFilter& filter =
      make<CustomResponse>(with(rule(kClass, "5xx", kRedirect, "uri: 'http://a/b'")));
  context.detour_result = DetourResult::no_route;
  EXPECT_EQ(answer(filter, "502").kind(), Kind::next);
  context.detour_result = DetourResult::invalid_url;
  EXPECT_EQ(answer(filter, "502").kind(), Kind::next);
  context.detour_result = DetourResult::not_possible;
  EXPECT_EQ(answer(filter, "502").kind(), Kind::next);
  EXPECT_EQ(stat("http.ingress.custom_response_redirect_no_route"), 1);
  EXPECT_EQ(stat("http.ingress.custom_response_invalid_uri"), 1);
  EXPECT_EQ(response->get(":status"), "502");
}

TEST_F(CustomResponseTest, SendsNothingElsewhereThatItDidNotSeeComing) {
  HttpFilter& filter =
      make<CustomResponse>(with(rule(kClass, "4xx", kRedirect, "uri: 'http://a/b'")));
  EXPECT_EQ(answer(filter, "403", false).kind(), Kind::next);
  EXPECT_TRUE(context.detours.empty());
}

TEST_F(CustomResponseTest, ARequestThatWasSentElsewhereIsNotSentOn) {
  HttpFilter& filter = make<CustomResponse>(
      with(rule(kClass, "2xx", kRedirect,
                "uri: 'http://a/b' status_code { value: 503 } response_headers_to_add { header { "
                "key: 'x-b' value: '2' } }")));
  answer(filter, "200");
  ASSERT_EQ(context.detours.size(), 1u);
  auto mark = context.detours[0].mark;
  context.mark = mark.get();
  EXPECT_EQ(answer(filter, "200").kind(), Kind::next);
  EXPECT_EQ(response->get(":status"), "503");
  EXPECT_EQ(response->get("x-b"), "2");
  EXPECT_EQ(context.info().response_code, 503);
  EXPECT_EQ(context.detours.size(), 1u);
}

TEST_F(CustomResponseTest, TheCodeOfTheFirstResponseStaysWhereNoneIsConfigured) {
  HttpFilter& filter =
      make<CustomResponse>(with(rule(kClass, "5xx", kRedirect, "uri: 'http://a/b'")));
  answer(filter, "502");
  ASSERT_EQ(context.detours.size(), 1u);
  auto mark = context.detours[0].mark;
  context.mark = mark.get();
  EXPECT_EQ(answer(filter, "200").kind(), Kind::next);
  EXPECT_EQ(response->get(":status"), "502");
  EXPECT_EQ(answer(filter, "404").kind(), Kind::next);
  EXPECT_EQ(response->get(":status"), "502");
}

TEST_F(CustomResponseTest, RefusesWhatCannotBeFollowed) {
  auto redirect = [&](const std::string& fields) {
    return problem(with(rule(kCode, "500", kRedirect, fields)));
  };
  const std::string at =
      "custom_response_matcher.matcher_list.matchers[0].on_match.action.typed_config.";
  EXPECT_EQ(redirect("uri: '/b'"), at + "uri: '/b' is not an absolute URL");
  EXPECT_EQ(redirect("redirect_action { path_redirect: '/a#b' }"),
            at + "redirect_action.path_redirect: has a fragment, which a request cannot have");
  EXPECT_EQ(redirect("redirect_action { https_redirect: true }"),
            at + "redirect_action: must have a host_redirect or a path_redirect");
  EXPECT_EQ(redirect("redirect_action { host_redirect: 'a' prefix_rewrite: '/' }"),
            at + "redirect_action.prefix_rewrite: is not supported for a custom response");
  EXPECT_EQ(redirect("redirect_action { host_redirect: 'a' regex_rewrite { pattern { regex: 'a' } "
                     "} }"),
            at + "redirect_action.regex_rewrite: is not supported for a custom response");
  EXPECT_THAT(redirect("uri: 'http://a/' modify_request_headers_action { name: 'm' typed_config { "
                       "[type.googleapis.com/google.protobuf.Empty] {} } }"),
              testing::HasSubstr("modify_request_headers_action: the type "
                                 "'type.googleapis.com/google.protobuf.Empty' is not supported"));
  EXPECT_THAT(problem(with(rule(kCode, "500", "google.protobuf.Empty", ""))),
              testing::HasSubstr("typed_config: the type 'type.googleapis.com/"
                                 "google.protobuf.Empty' is not supported by Outrigger"));
}

}  // namespace
}  // namespace outrigger::filters::custom_response
