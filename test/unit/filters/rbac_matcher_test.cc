// RBAC by a generic matcher instead of policies.
#include <string>

#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"

#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using HttpRbacMessage = envoy::extensions::filters::http::rbac::v3::RBAC;

class RbacMatcher : public FilterTest {
 protected:
  RbacMatcher() {
    connection.remote = *net::Address::from_ip("192.0.2.7", 50000);
    connection.local = *net::Address::from_ip("10.0.0.1", 443);
    context.info().connection = &connection;
    context.info().downstream_remote = *net::Address::from_ip("203.0.113.9", 0);
  }
  // By header x-who: a friend is allowed, a foe denied, a stranger noted.
  static std::string by_header(const std::string& field) {
    std::string out = field +
                      " { matcher_tree { input { name: 'i' typed_config { "
                      "[type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput] "
                      "{ header_name: 'x-who' } } } exact_match_map {";
    for (auto [who, action] :
         {std::pair("friend", "ALLOW"), std::pair("foe", "DENY"), std::pair("stranger", "LOG")}) {
      out += std::string(" map { key: '") + who +
             "' value { action { name: 'a' typed_config { "
             "[type.googleapis.com/envoy.config.rbac.v3.Action] { name: 'the " +
             who + "' action: " + action + " } } } } }";
    }
    return out + " } } }";
  }
  Verdict run(const std::string& config, const std::string& who) {
    context.make_request({{":method", "GET"}, {":path", "/"}, {"x-who", who}});
    return make<HttpRbacMessage>(config).on_request_headers(context, context.request_headers(),
                                                            true);
  }
  DownstreamConnectionInfo connection;
};

TEST_F(RbacMatcher, ItsActionsDecide) {
  EXPECT_EQ(run(by_header("matcher"), "friend").kind(), Verdict::Kind::next);
  EXPECT_EQ(run(by_header("matcher"), "stranger").kind(), Verdict::Kind::next);
  Verdict denied = run(by_header("matcher"), "foe");
  EXPECT_EQ(denied.kind(), Verdict::Kind::reply);
  EXPECT_EQ(denied.local_reply().outcome.details, "rbac_access_denied_matched_policy[the_foe]");
}

TEST_F(RbacMatcher, WhatItDoesNotMatchIsDenied) {
  Verdict denied = run(by_header("matcher"), "nobody");
  EXPECT_EQ(denied.kind(), Verdict::Kind::reply);
  EXPECT_EQ(denied.local_reply().outcome.details, "rbac_access_denied_matched_policy[none]");
}

TEST_F(RbacMatcher, AShadowOnlyTells) {
  EXPECT_EQ(run(by_header("shadow_matcher"), "foe").kind(), Verdict::Kind::next);
  const MetadataStruct* told =
      context.info().extras->metadata.filters.find("envoy.filters.http.rbac")->object();
  EXPECT_EQ(*told->find("shadow_engine_result")->string(), "denied");
  EXPECT_EQ(*told->find("shadow_effective_policy_id")->string(), "the foe");
}

TEST_F(RbacMatcher, RulesDoNotCountBesideIt) {
  EXPECT_EQ(run("rules {} " + by_header("matcher"), "friend").kind(), Verdict::Kind::next);
}

}  // namespace
}  // namespace outrigger::filters::test
