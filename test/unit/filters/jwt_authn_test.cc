// The filter: which requests need which tokens, what a good one leaves behind, how keys come.
#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"

#include "test/unit/filters/fixture.h"
#include "test/unit/filters/jwt_samples.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::jwt_authn::v3::JwtAuthentication;
using envoy::extensions::filters::http::jwt_authn::v3::PerRouteConfig;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string provider(const std::string& name, const std::string& more = "",
                     const std::string& issuer = "https://issuer.example") {
  return "providers { key: '" + name + "' value { issuer: '" + issuer +
         "' local_jwks { inline_string: " + quoted(kKeys) + " } " + more + " } } ";
}

std::string rule(const std::string& requirement) {
  return "rules { match { prefix: '/' } requires_ { " + requirement + " } } ";
}

class JwtAuthn : public FilterTest {
 protected:
  JwtAuthn() { context.info().start_time = SystemTime(std::chrono::seconds(1'700'000'000)); }

  Verdict request(const std::string& config, const Headers& more = {},
                  const std::string& path = "/x") {
    Headers headers{{":method", "GET"},
                    {":path", path},
                    {":authority", "a.example"},
                    {"x-forwarded-proto", "http"}};
    headers.insert(headers.end(), more.begin(), more.end());
    filter = &make<JwtAuthentication>(config);
    return filter->on_request_headers(context, context.make_request(headers), true);
  }
  Verdict with_token(const std::string& config, std::string_view token) {
    return request(config, {{"authorization", "Bearer " + std::string(token)}});
  }
  const MetadataStruct* metadata() {
    const auto& extras = context.info().extras;
    const MetadataValue* found =
        extras == nullptr ? nullptr : extras->metadata.find("envoy.filters.http.jwt_authn", {});
    return found == nullptr ? nullptr : found->object();
  }

  static constexpr const char* kGood = kTokens[0].text;
  HttpFilter* filter = nullptr;
};

TEST_F(JwtAuthn, RefusesARequestWithoutAToken) {
  Verdict verdict = request(provider("p") + rule("provider_name: 'p'"));
  ASSERT_EQ(verdict.kind(), Kind::reply);
  const LocalReply& reply = verdict.local_reply();
  EXPECT_EQ(reply.code, 401);
  EXPECT_EQ(reply.body, "Jwt is missing");
  EXPECT_EQ(reply.outcome.details, "jwt_authn_access_denied{Jwt_is_missing}");
  EXPECT_EQ(reply.headers->get("www-authenticate"), "Bearer realm=\"http://a.example/x\"");
  EXPECT_EQ(stat("http.ingress.jwt_authn.denied"), 1);
}

TEST_F(JwtAuthn, SaysWhatIsWrongWithAToken) {
  Verdict verdict = with_token(provider("p") + rule("provider_name: 'p'"), "nonsense");
  EXPECT_EQ(verdict.local_reply().code, 401);
  EXPECT_EQ(verdict.local_reply().headers->get("www-authenticate"),
            "Bearer realm=\"http://a.example/x\", error=\"invalid_token\"");
}

TEST_F(JwtAuthn, LetsAGoodTokenPassAndTakesItOut) {
  EXPECT_EQ(with_token(provider("p") + rule("provider_name: 'p'"), kGood).kind(), Kind::next);
  EXPECT_EQ(context.request_headers().find("authorization"), nullptr);
  EXPECT_EQ(stat("http.ingress.jwt_authn.allowed"), 1);
  EXPECT_EQ(metadata(), nullptr);
}

TEST_F(JwtAuthn, ShowsThePayload) {
  std::string effects =
      "forward: true payload_in_metadata: 'payload' header_in_metadata: 'header' "
      "forward_payload_header: 'X-Payload' pad_forward_payload_header: true "
      "claim_to_headers { header_name: 'X-Sub' claim_name: 'sub' } "
      "claim_to_headers { header_name: 'x-exp' claim_name: 'exp' } "
      "normalize_payload_in_metadata { space_delimited_claims: 'sub' }";
  EXPECT_EQ(with_token(provider("p", effects) + rule("provider_name: 'p'"), kGood).kind(),
            Kind::next);
  const http::HeaderMap& headers = context.request_headers();
  EXPECT_NE(headers.find("authorization"), nullptr);
  EXPECT_EQ(headers.get("x-sub"), "someone");
  EXPECT_EQ(headers.get("x-exp"), "4102444800");
  EXPECT_EQ(headers.get("x-payload").size() % 4, 0u);
  const MetadataStruct* kept = metadata();
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(*kept->find("payload")->object()->find("iss")->string(), "https://issuer.example");
  EXPECT_EQ(*kept->find("header")->object()->find("alg")->string(), "RS256");
  EXPECT_EQ(std::get<MetadataList>(kept->find("payload")->object()->find("sub")->get()).size(), 1u);
}

TEST_F(JwtAuthn, HeadersOfClaimsAreNeverTheClients) {
  std::string claims = "claim_to_headers { header_name: 'x-role' claim_name: 'role' }";
  request(provider("p", claims) + rule("provider_name: 'p'"),
          {{"authorization", std::string("Bearer ") + kGood}, {"x-role", "admin"}});
  EXPECT_EQ(context.request_headers().find("x-role"), nullptr);
}

TEST_F(JwtAuthn, ChecksIssuerAudienceAndTime) {
  auto body = [&](const std::string& config) {
    Verdict verdict = with_token(config + rule("provider_name: 'p'"), kGood);
    return verdict.kind() == Kind::reply ? std::string(verdict.local_reply().body) : "";
  };
  EXPECT_EQ(body(provider("p", "", "somebody else")), "Jwt issuer is not configured");
  EXPECT_EQ(body(provider("p", "", "")), "");
  EXPECT_EQ(body(provider("p", "audiences: 'other'")), "Audiences in Jwt are not allowed");
  EXPECT_EQ(body(provider("p", "audiences: 'https://service/'")), "");
  EXPECT_EQ(body(provider("p", "subjects { prefix: 'some' }")), "");
  EXPECT_EQ(body(provider("p", "subjects { exact: 'other' }")), "Jwt verification fails");
  EXPECT_EQ(body(provider("p", "max_lifetime { seconds: 10 }")), "Jwt verification fails");
  context.info().start_time = SystemTime(std::chrono::seconds(4102444861));
  EXPECT_EQ(body(provider("p")), "Jwt is expired");
  EXPECT_EQ(body(provider("p", "clock_skew_seconds: 61")), "");
}

TEST_F(JwtAuthn, AnAudienceThatIsNotAllowedIsForbidden) {
  EXPECT_EQ(with_token(provider("p", "audiences: 'other'") + rule("provider_name: 'p'"), kGood)
                .local_reply()
                .code,
            403);
  EXPECT_EQ(with_token(provider("p") + rule("provider_and_audiences { provider_name: 'p' "
                                            "audiences: 'other' }"),
                       kGood)
                .local_reply()
                .code,
            403);
}

TEST_F(JwtAuthn, IstioAsksForATokenOnlyOfThoseWhoHaveOne) {
  std::string config =
      provider("p") +
      rule(
          "requires_any { requirements { provider_name: 'p' } requirements { allow_missing {} } }");
  EXPECT_EQ(request(config).kind(), Kind::next);
  EXPECT_EQ(with_token(config, kGood).kind(), Kind::next);
  EXPECT_EQ(with_token(config, kUnsignedToken).local_reply().body,
            "Jwt header [alg] is not supported");
}

TEST_F(JwtAuthn, AnyTellsTheMostTellingReason) {
  std::string config = provider("a", "", "other") + provider("b") +
                       rule(
                           "requires_any { requirements { provider_name: 'b' } "
                           "requirements { provider_name: 'a' } }");
  EXPECT_EQ(request(config).local_reply().body, "Jwt is missing");
  EXPECT_EQ(with_token(config, kConfusedToken).local_reply().body, "Jwt verification fails");
}

TEST_F(JwtAuthn, AllowMissingOrFailedRefusesNothing) {
  std::string config = provider("p") + rule("allow_missing_or_failed {}");
  EXPECT_EQ(with_token(config, kConfusedToken).kind(), Kind::next);
  EXPECT_EQ(request(config).kind(), Kind::next);
  config = provider("p") + rule("allow_missing {}");
  EXPECT_EQ(request(config).kind(), Kind::next);
  EXPECT_EQ(with_token(config, kConfusedToken).kind(), Kind::reply);
}

TEST_F(JwtAuthn, AllTokensOfARequestMustBeGood) {
  std::string config = provider("p",
                                "from_headers { name: 'X-A' value_prefix: 'T ' } "
                                "from_params: 't' from_cookies: 'c'") +
                       rule("provider_name: 'p'");
  std::string good = std::string("T ") + kGood;
  EXPECT_EQ(request(config, {{"x-a", good}}).kind(), Kind::next);
  EXPECT_EQ(request(config, {{"x-a", good}}, std::string("/x?t=") + kUnsignedToken).kind(),
            Kind::reply);
  EXPECT_EQ(request(config, {{"x-a", good}, {"cookie", "a=b; c=bad"}}).kind(), Kind::reply);
  EXPECT_EQ(request(config, {{"authorization", std::string("Bearer ") + kGood}}).kind(),
            Kind::reply);
}

TEST_F(JwtAuthn, TakesTheTokenOutOfTheQuery) {
  std::string config = provider("p") + rule("provider_name: 'p'");
  std::string token = kGood;
  EXPECT_EQ(request(config, {}, "/x?a=1&access_token=" + token + "&b=%20").kind(), Kind::next);
  EXPECT_EQ(context.request_headers().get(":path"), "/x?a=1&b=%20");
  EXPECT_EQ(request(config, {}, "/x?access_token=" + token).kind(), Kind::next);
  EXPECT_EQ(context.request_headers().get(":path"), "/x");
}

TEST_F(JwtAuthn, TheFirstRuleThatMatchesDecides) {
  std::string config = provider("p") +
                       "rules { match { prefix: '/open' } } "
                       "rules { match { prefix: '/named' } requirement_name: 'n' } "
                       "requirement_map { key: 'n' value { provider_name: 'p' } }";
  EXPECT_EQ(request(config, {}, "/open").kind(), Kind::next);
  EXPECT_EQ(request(config, {}, "/named").kind(), Kind::reply);
  EXPECT_EQ(request(config, {}, "/else").kind(), Kind::next);
}

TEST_F(JwtAuthn, ARouteChoosesItsRequirement) {
  std::string config = provider("p") + rule("provider_name: 'p'") +
                       "requirement_map { key: 'n' value { provider_name: 'p' } }";
  context.levels = {route_config<PerRouteConfig>("disabled: true")};
  EXPECT_EQ(request(config).kind(), Kind::next);
  context.levels = {route_config<PerRouteConfig>("requirement_name: 'n'")};
  EXPECT_EQ(request(config).local_reply().body, "Jwt is missing");
  context.levels = {route_config<PerRouteConfig>("requirement_name: 'unknown'")};
  EXPECT_EQ(request(config).local_reply().code, 403);
}

TEST_F(JwtAuthn, APreflightMayPass) {
  std::string config = provider("p") + rule("provider_name: 'p'") + "bypass_cors_preflight: true";
  filter = &make<JwtAuthentication>(config);
  http::HeaderMap& headers = context.make_request({{":method", "OPTIONS"},
                                                   {":path", "/"},
                                                   {"origin", "http://a"},
                                                   {"access-control-request-method", "GET"}});
  EXPECT_EQ(filter->on_request_headers(context, headers, true).kind(), Kind::next);
  EXPECT_EQ(stat("http.ingress.jwt_authn.cors_preflight_bypassed"), 1);
}

TEST_F(JwtAuthn, BrokenKeysRefuseEveryToken) {
  std::string config = "providers { key: 'p' value { local_jwks { inline_string: '{}' } } } " +
                       rule("provider_name: 'p'");
  EXPECT_EQ(with_token(config, kGood).local_reply().body, "Jwks doesn't have any valid public key");
}

TEST_F(JwtAuthn, NamesAProviderThatIsNotThere) {
  auto made = try_compile<JwtAuthentication>(provider("p") + rule("provider_name: 'q'"));
  EXPECT_EQ(made.status().message(), "rules[0].requires.provider_name: there is no provider 'q'");
}

class RemoteKeysTest : public JwtAuthn {
 protected:
  std::string config =
      "providers { key: 'p' value { issuer: 'https://issuer.example' remote_jwks { http_uri { "
      "uri: 'https://keys.example/jwks?x' cluster: 'keys' timeout { seconds: 1 } } "
      "cache_duration { seconds: 60 } } } } " +
      rule("provider_name: 'p'");
};

TEST_F(RemoteKeysTest, AreFetchedOnceAndKept) {
  auto factory = try_compile<JwtAuthentication>(config);
  ASSERT_TRUE(factory.ok());
  auto ask = [&] {
    filter = &make(*factory);
    return filter->on_request_headers(
        context,
        context.make_request({{":path", "/"}, {"authorization", std::string("Bearer ") + kGood}}),
        true);
  };
  EXPECT_EQ(ask().kind(), Kind::wait);
  ASSERT_EQ(context.http.calls.size(), 1u);
  const http::AsyncRequest& fetch = context.http.calls[0]->request;
  EXPECT_EQ(fetch.cluster.name, "keys");
  EXPECT_EQ(fetch.headers[1].second, "/jwks?x");
  EXPECT_EQ(fetch.headers[3].second, "keys.example");
  EXPECT_EQ(fetch.timeout, std::chrono::seconds(1));
  context.http.answer(0, 200, {}, kKeys);
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_EQ(ask().kind(), Kind::next);
  context.time += std::chrono::seconds(60);
  EXPECT_EQ(ask().kind(), Kind::wait);
  EXPECT_EQ(stat("http.ingress.jwt_authn.jwks_fetch_success"), 1);
}

TEST_F(RemoteKeysTest, NobodyPassesWithoutThem) {
  EXPECT_EQ(with_token(config, kGood).kind(), Kind::wait);
  context.http.answer(0, 503);
  ASSERT_EQ(context.replies.size(), 1u);
  EXPECT_EQ(context.replies[0].body, "Jwks remote fetch is failed");
  EXPECT_EQ(stat("http.ingress.jwt_authn.jwks_fetch_failed"), 1);
}

TEST_F(RemoteKeysTest, AreNotFetchedForATokenThatTheyCannotHelp) {
  EXPECT_EQ(request(config).kind(), Kind::reply);
  EXPECT_EQ(with_token(config, "a.b.c").kind(), Kind::reply);
  EXPECT_TRUE(context.http.calls.empty());
}

TEST_F(RemoteKeysTest, AStreamThatEndsCancelsTheFetch) {
  with_token(config, kGood);
  filter->on_stream_end(context);
  EXPECT_EQ(context.http.calls[0]->handler, nullptr);
}

}  // namespace
}  // namespace outrigger::filters::test
