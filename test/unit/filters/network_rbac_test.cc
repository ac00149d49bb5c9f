#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"

#include "test/unit/filters/fake_connection.h"
#include "test/unit/support/tls.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::network::rbac::v3::RBAC;

class NetworkRbac : public NetworkFilterTest {
 protected:
  // Is the connection let through, where one policy "p" allows these?
  bool allowed(const std::string& permission, const std::string& principal) {
    std::string text = "stat_prefix: 'r' rules { policies { key: 'p' value { permissions { " +
                       permission + " } principals { " + principal + " } } } }";
    return passes(text);
  }
  bool passes(const std::string& text) {
    auto filter = compile<RBAC>(text)->create();
    Bytes data = "x";
    return filter->on_data(connection, data, false) == NetworkVerdict::next;
  }
  std::string problem(const std::string& permission, const std::string& principal) {
    auto factory =
        try_compile<RBAC>("stat_prefix: 'r' rules { policies { key: 'p' value { permissions { " +
                          permission + " } principals { " + principal + " } } } }");
    return std::string(factory.status().message());
  }
  FakeConnection connection;
};

TEST_F(NetworkRbac, JudgesWhereTheConnectionGoes) {
  EXPECT_TRUE(allowed("any: true", "any: true"));
  EXPECT_TRUE(allowed("destination_port: 443", "any: true"));
  EXPECT_FALSE(allowed("destination_port: 80", "any: true"));
  EXPECT_TRUE(allowed("destination_port_range { start: 440 end: 444 }", "any: true"));
  EXPECT_FALSE(allowed("destination_port_range { start: 440 end: 443 }", "any: true"));
  EXPECT_TRUE(allowed("destination_ip { address_prefix: '10.0.0.0' prefix_len { value: 8 } }",
                      "any: true"));
  EXPECT_FALSE(allowed("not_rule { any: true }", "any: true"));
  EXPECT_TRUE(allowed("or_rules { rules { destination_port: 1 } rules { destination_port: 443 } }",
                      "any: true"));
  EXPECT_FALSE(allowed(
      "and_rules { rules { destination_port: 1 } rules { destination_port: 443 } }", "any: true"));
  connection.facts.requested_server_name = "a.example";
  EXPECT_TRUE(allowed("requested_server_name { suffix: '.example' }", "any: true"));
  EXPECT_FALSE(allowed("requested_server_name { exact: 'b' }", "any: true"));
}

TEST_F(NetworkRbac, JudgesWhereTheConnectionComesFrom) {
  connection.facts.remote = *net::Address::from_ip("203.0.113.9", 1);  // by PROXY protocol
  auto cidr = [](const char* field, const char* ip) {
    return std::string(field) + " { address_prefix: '" + ip + "' prefix_len { value: 24 } }";
  };
  EXPECT_TRUE(allowed("any: true", cidr("remote_ip", "203.0.113.0")));
  EXPECT_TRUE(allowed("any: true", cidr("source_ip", "203.0.113.0")));
  EXPECT_TRUE(allowed("any: true", cidr("direct_remote_ip", "192.0.2.0")));
  EXPECT_FALSE(allowed("any: true", cidr("direct_remote_ip", "203.0.113.0")));
  EXPECT_TRUE(allowed("any: true", "not_id { authenticated {} }"));
  connection.facts.make_extras().filter_state.set("who", "me");
  EXPECT_TRUE(allowed("any: true", "filter_state { key: 'who' string_match { exact: 'me' } }"));
  connection.facts.make_extras().filter_state.set("from", "10.1.2.3:80");
  EXPECT_TRUE(allowed("any: true",
                      "filter_state { key: 'from' address_match { ranges { address_prefix: "
                      "'10.0.0.0' prefix_len { value: 8 } } } }"));
}

TEST_F(NetworkRbac, JudgesByTheNamesOfTheCertificate) {
  EXPECT_FALSE(allowed("any: true", "authenticated {}"));
  outrigger::test::FakeTls tls;
  connection.facts.tls = &tls;
  EXPECT_TRUE(allowed("any: true", "authenticated {}"));
  tls.peer_info.emplace();
  tls.peer_info->uri_sans = {"spiffe://a/ns/x", "spiffe://a/ns/y"};
  tls.peer_info->dns_sans = {"y.example"};
  tls.peer_info->subject = "CN=z";
  auto named = [&](const char* name) {
    return allowed("any: true",
                   std::string("authenticated { principal_name { exact: '") + name + "' } }");
  };
  EXPECT_TRUE(named("spiffe://a/ns/y"));
  EXPECT_TRUE(named("y.example"));
  EXPECT_TRUE(named("CN=z"));
  EXPECT_FALSE(named("z"));
}

TEST_F(NetworkRbac, JudgesByDynamicMetadata) {
  connection.facts.make_extras().metadata.of("f")["k"] = MetadataValue(std::string("v"));
  std::string matcher =
      "metadata { filter: 'f' path { key: 'k' } value { string_match { exact: 'v' } } }";
  EXPECT_TRUE(allowed(matcher, "any: true"));
  EXPECT_TRUE(allowed("any: true", matcher));
  EXPECT_TRUE(allowed("any: true",
                      "sourced_metadata { metadata_matcher { filter: 'f' path { key: "
                      "'k' } value { string_match { exact: 'v' } } } }"));
}

TEST_F(NetworkRbac, RefusesRulesAboutRequests) {
  EXPECT_EQ(problem("header { name: 'a' present_match: true }", "any: true"),
            "rules.policies[\"p\"].permissions[0].header: a connection has none: this rule is for "
            "the HTTP filter only");
  EXPECT_EQ(problem("any: true", "url_path { path { exact: '/' } }"),
            "rules.policies[\"p\"].principals[0].url_path: a connection has none: this rule is for "
            "the HTTP filter only");
  EXPECT_EQ(problem("destination_port_range { start: 5 end: 5 }", "any: true"),
            "rules.policies[\"p\"].permissions[0].destination_port_range: [5, 5) is not a range of "
            "ports");
  EXPECT_EQ(problem("destination_ip { address_prefix: 'x' }", "any: true"),
            "rules.policies[\"p\"].permissions[0].destination_ip.address_prefix: 'x' is not an IP "
            "address");
}

TEST_F(NetworkRbac, DenialSaysWhichPolicy) {
  EXPECT_FALSE(passes(
      "stat_prefix: 'r' rules { action: DENY policies { key: 'no way' value { permissions { any: "
      "true } principals { any: true } } } }"));
  EXPECT_TRUE(connection.closed);
  EXPECT_EQ(connection.close_reason, "rbac_deny_close");
  EXPECT_EQ(connection.facts.extras->connection_termination_details,
            "rbac_access_denied_matched_policy[no_way]");
  EXPECT_EQ(stat("r.rbac.denied"), 1);
}

TEST_F(NetworkRbac, ShadowRulesOnlyTell) {
  EXPECT_TRUE(passes(
      "stat_prefix: 'r' shadow_rules_stat_prefix: 's_' shadow_rules { action: DENY policies { key: "
      "'p' value { permissions { any: true } principals { any: true } } } }"));
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(stat("r.rbac.s_.shadow_denied"), 1);
  const Metadata& metadata = connection.facts.extras->metadata;
  const std::string filter = "envoy.filters.network.rbac";
  EXPECT_EQ(*metadata.find(filter, std::vector<std::string>{"s_shadow_engine_result"})->string(),
            "denied");
  EXPECT_EQ(
      *metadata.find(filter, std::vector<std::string>{"s_shadow_effective_policy_id"})->string(),
      "p");
}

TEST_F(NetworkRbac, JudgesOnceUnlessContinuous) {
  for (bool continuous : {false, true}) {
    FakeConnection fresh;
    auto factory = compile<RBAC>(
        std::string("stat_prefix: 'r' rules { policies { key: 'p' value { permissions { "
                    "destination_port: 443 } principals { any: true } } } }") +
        (continuous ? " enforcement_type: CONTINUOUS" : ""));
    auto filter = factory->create();
    Bytes data = "x";
    EXPECT_EQ(filter->on_data(fresh, data, false), NetworkVerdict::next);
    fresh.facts.local = *net::Address::from_ip("10.0.0.1", 80);
    NetworkVerdict second = filter->on_data(fresh, data, false);
    EXPECT_EQ(second, continuous ? NetworkVerdict::stop : NetworkVerdict::next);
  }
}

TEST_F(NetworkRbac, DenialMayBeDelayed) {
  auto filter = compile<RBAC>("stat_prefix: 'r' rules {} delay_deny { seconds: 1 }")->create();
  Bytes data = "x";
  EXPECT_EQ(filter->on_data(connection, data, false), NetworkVerdict::stop);
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(connection.timer, std::chrono::milliseconds(1000));
  filter->on_timer(connection);
  EXPECT_TRUE(connection.closed);
}

}  // namespace
}  // namespace outrigger::filters::test
