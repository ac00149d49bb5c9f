#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::rbac::v3::RBAC;
using envoy::extensions::filters::http::rbac::v3::RBACPerRoute;

class HttpRbac : public FilterTest {
 protected:
  HttpRbac() {
    connection.remote = connection.direct_remote = *net::Address::from_ip("192.0.2.7", 50000);
    connection.local = *net::Address::from_ip("10.0.0.1", 443);
    context.info().connection = &connection;
    context.info().downstream_remote = *net::Address::from_ip("203.0.113.9", 0);
    request("/shop/7/items?x=1");
  }
  void request(const std::string& path) {
    context.make_request({{":method", "GET"},
                          {":path", path},
                          {":authority", "shop.example.com"},
                          {"x-user", "ann"}});
  }
  Verdict run(const std::string& config) {
    return make<RBAC>(config).on_request_headers(context, context.request_headers(), true);
  }
  static std::string policy(const std::string& permission, const std::string& principal) {
    return "policies { key: 'p q' value { permissions { " + permission + " } principals { " +
           principal + " } } }";
  }
  bool allowed(const std::string& permission, const std::string& principal) {
    return run("rules { " + policy(permission, principal) + " }").kind() == Kind::next;
  }
  std::string metadata(std::string_view key) {
    const StreamExtras* extras = context.info().extras.get();
    if (extras == nullptr) return "";
    const MetadataValue* space = extras->metadata.filters.find("envoy.filters.http.rbac");
    const MetadataValue* value = space == nullptr ? nullptr : space->object()->find(key);
    return value == nullptr ? "" : *value->string();
  }
  DownstreamConnectionInfo connection;
};

TEST_F(HttpRbac, JudgesWhatIsAskedFor) {
  EXPECT_TRUE(allowed("url_path { path { exact: '/shop/7/items' } }", "any: true"));
  EXPECT_FALSE(allowed("url_path { path { suffix: 'x=1' } }", "any: true"));
  EXPECT_TRUE(allowed("header { name: ':method' string_match { exact: 'GET' } }", "any: true"));
  EXPECT_FALSE(allowed("header { name: ':method' string_match { exact: 'POST' } }", "any: true"));
  EXPECT_TRUE(
      allowed("header { name: ':authority' string_match { suffix: '.com' } }", "any: true"));
  EXPECT_TRUE(allowed("destination_port: 443", "any: true"));
  EXPECT_TRUE(allowed("any: true", "header { name: 'x-user' string_match { exact: 'ann' } }"));
  EXPECT_FALSE(allowed("any: true", "not_id { header { name: 'x-user' present_match: true } }"));
}

TEST_F(HttpRbac, JudgesPathsByTemplate) {
  auto matches = [&](const std::string& text) {
    return allowed(
        "uri_template { name: 'u' typed_config { "
        "[type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig] "
        "{ path_template: '" +
            text + "' } } }",
        "any: true");
  };
  EXPECT_TRUE(matches("/shop/*/items"));
  EXPECT_TRUE(matches("/shop/{id}/items"));
  EXPECT_TRUE(matches("/shop/**"));
  EXPECT_FALSE(matches("/shop/*"));
  EXPECT_FALSE(matches("/shop/*/ite"));
  request("/shop/");
  EXPECT_TRUE(matches("/shop/**"));
}

TEST_F(HttpRbac, JudgesWhoAsks) {
  auto cidr = [](const char* field, const char* ip) {
    return std::string(field) + " { address_prefix: '" + ip + "' prefix_len { value: 24 } }";
  };
  EXPECT_TRUE(allowed("any: true", cidr("remote_ip", "203.0.113.0")));
  EXPECT_TRUE(allowed("any: true", cidr("direct_remote_ip", "192.0.2.0")));
  EXPECT_TRUE(allowed("any: true", cidr("source_ip", "192.0.2.0")));
  EXPECT_FALSE(allowed("any: true", cidr("direct_remote_ip", "203.0.113.0")));
  EXPECT_FALSE(allowed("any: true", "authenticated {}"));
  connection.make_extras().filter_state.set("io.istio.peer_principal", "spiffe://a/ns/b/sa/c");
  EXPECT_TRUE(allowed("any: true",
                      "filter_state { key: 'io.istio.peer_principal' "
                      "string_match { prefix: 'spiffe://a/' } }"));
}

TEST_F(HttpRbac, JudgesByDynamicMetadata) {
  const char* kClaim =
      "metadata { filter: 'envoy.filters.http.jwt_authn' path { key: 'payload' } "
      "path { key: 'sub' } value { string_match { exact: 'ann' } } }";
  EXPECT_FALSE(allowed("any: true", kClaim));
  context.info().extras = make_in_arena<StreamExtras>(context.arena());
  context.info()
      .extras->metadata.of("envoy.filters.http.jwt_authn")["payload"]
      .make_object()["sub"] = MetadataValue(std::string("ann"));
  EXPECT_TRUE(allowed("any: true", kClaim));
}

TEST_F(HttpRbac, RefusesWith403AndNamesThePolicy) {
  Verdict verdict = run("rules { action: DENY " + policy("any: true", "any: true") + " }");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().code, 403);
  EXPECT_EQ(verdict.local_reply().body, "RBAC: access denied");
  EXPECT_EQ(verdict.local_reply().outcome.details, "rbac_access_denied_matched_policy[p_q]");
  EXPECT_EQ(metadata("enforced_engine_result"), "denied");
  EXPECT_EQ(stat("http.ingress.rbac.denied"), 1);
}

TEST_F(HttpRbac, NamesNoPolicyWhereNoneAllows) {
  Verdict verdict = run("rules { " + policy("destination_port: 1", "any: true") + " }");
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().outcome.details, "rbac_access_denied_matched_policy[none]");
}

TEST_F(HttpRbac, ShadowRulesOnlyTell) {
  Verdict verdict = run("shadow_rules_stat_prefix: 'dry_' shadow_rules { action: DENY " +
                        policy("any: true", "any: true") + " }");
  EXPECT_EQ(verdict.kind(), Kind::next);
  EXPECT_EQ(metadata("dry_shadow_engine_result"), "denied");
  EXPECT_EQ(metadata("dry_shadow_effective_policy_id"), "p q");
  EXPECT_EQ(stat("http.ingress.rbac.dry_.shadow_denied"), 1);
}

TEST_F(HttpRbac, ActionLogLetsEverythingPass) {
  Verdict verdict = run("rules { action: LOG " + policy("any: true", "any: true") + " }");
  EXPECT_EQ(verdict.kind(), Kind::next);
  const MetadataValue* hint = context.info()
                                  .extras->metadata.filters.find("envoy.common")
                                  ->object()
                                  ->find("access_log_hint");
  EXPECT_TRUE(std::get<bool>(hint->get()));
  EXPECT_EQ(stat("http.ingress.rbac.allowed"), 1);
}

TEST_F(HttpRbac, ARoutesRulesTakeThePlaceOfTheFilters) {
  std::string deny_all = "rules { action: DENY " + policy("any: true", "any: true") + " }";
  context.levels = {route_config<RBACPerRoute>("")};
  EXPECT_EQ(run(deny_all).kind(), Kind::next);
  context.levels = {route_config<RBACPerRoute>("rbac { " + deny_all + " }")};
  EXPECT_EQ(run("").kind(), Kind::reply);
  EXPECT_EQ(stat("http.ingress.rbac.denied"), 1);
}

TEST_F(HttpRbac, NamesTheFieldThatIsWrong) {
  auto factory = try_compile<RBAC>(
      "rules { " + policy("url_path { path { safe_regex { regex: '(' } } }", "any: true") + " }");
  ASSERT_FALSE(factory.ok());
  EXPECT_NE(factory.status().message().find("rules.policies[\"p q\"].permissions[0].url_path"),
            absl::string_view::npos)
      << factory.status();
}

}  // namespace
}  // namespace outrigger::filters::test
