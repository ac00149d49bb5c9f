#include "xds/compile_route.h"

#include <cstdio>
#include <fstream>
#include <string>

#include "google/protobuf/util/json_util.h"
#include <gtest/gtest.h>

#include "test/unit/xds/fake_route_context.h"

namespace outrigger::xds {
namespace {

using config::ForwardAction;
using config::Milliseconds;
using TablePtr = std::shared_ptr<const config::RouteTable>;

absl::StatusOr<TablePtr> compile(const std::string& json) {
  envoy::config::route::v3::RouteConfiguration message;
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  EXPECT_TRUE(parsed.ok()) << std::string(parsed.message());
  FakeRouteContext context;
  return compile_route_table(message, context);
}

// A table of one host "*" with the given routes (a JSON list), and whatever else the table has.
std::string one_host(const std::string& routes, const std::string& more = "") {
  return R"({"name": "table", "virtual_hosts": [{"name": "host", "domains": ["*"], "routes": )" +
         routes + "}]" + more + "}";
}

std::string one_route(const std::string& action) {
  return one_host(R"([{"match": {"prefix": "/"}, )" + action + "}]");
}

TablePtr table(const std::string& json) {
  auto result = compile(json);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : nullptr;
}

// The action of the only route.
ForwardAction forward(const std::string& action) {
  TablePtr compiled = table(one_route(R"("route": )" + action));
  return compiled == nullptr ? ForwardAction() : *compiled->hosts[0].routes[0].forward();
}

std::string problem(const std::string& json) {
  auto result = compile(json);
  return result.ok() ? "none" : std::string(result.status().message());
}

TEST(CompileRoute, SortsDomainsByKindAndLength) {
  TablePtr compiled = table(R"({"virtual_hosts": [
    {"name": "a", "domains": ["Example.COM", "*.org", "*-x.org", "foo.*"]},
    {"name": "b", "domains": ["*"]}]})");
  EXPECT_EQ(compiled->exact_domains.at("example.com"), 0u);
  ASSERT_EQ(compiled->suffix_domains.size(), 2u);
  EXPECT_EQ(compiled->suffix_domains[0].domains.count("-x.org"), 1u);
  EXPECT_EQ(compiled->suffix_domains[1].length, 4u);
  EXPECT_EQ(compiled->prefix_domains[0].domains.count("foo."), 1u);
  EXPECT_EQ(compiled->default_host, 1u);
}

TEST(CompileRoute, RefusesADomainTwice) {
  EXPECT_EQ(
      problem(R"({"name": "t", "virtual_hosts": [{"name": "a", "domains": ["a.b", "A.B"]}]})"),
      "virtual_hosts[0].domains[1]: domain 'A.B' is in route configuration 't' already");
  EXPECT_NE(problem(R"({"virtual_hosts": [{"name": "a", "domains": ["*"]},
                                          {"name": "b", "domains": ["*"]}]})"),
            "none");
  EXPECT_NE(problem(R"({"virtual_hosts": [{"name": "a", "domains": ["*.a"]},
                                          {"name": "b", "domains": ["*.a"]}]})"),
            "none");
}

TEST(CompileRoute, DefaultsAreEnvoys) {
  ForwardAction action = forward(R"({"cluster": "c"})");
  EXPECT_EQ(action.cluster.name, "c");
  EXPECT_EQ(action.timeout, Milliseconds(15000));
  EXPECT_FALSE(action.idle_timeout.has_value());
  EXPECT_EQ(action.retry, nullptr);
  EXPECT_EQ(action.cluster_not_found_code, 503);
  EXPECT_FALSE(action.high_priority);
}

TEST(CompileRoute, Timeouts) {
  ForwardAction action = forward(R"({"cluster": "c", "timeout": "0s", "idle_timeout": "1.5s"})");
  EXPECT_EQ(action.timeout, Milliseconds(0));
  EXPECT_EQ(action.idle_timeout, Milliseconds(1500));
  EXPECT_NE(problem(one_route(R"("route": {"cluster": "c", "timeout": "-1s"})"))
                .find("route.timeout: is a negative duration"),
            std::string::npos);
}

TEST(CompileRoute, AStreamDurationTakesThePlaceOfTheTimeout) {
  ForwardAction action = forward(R"({"cluster": "c", "timeout": "7s", "max_grpc_timeout": "1s",
    "max_stream_duration": {"max_stream_duration": "9s", "grpc_timeout_header_max": "0s",
                            "grpc_timeout_header_offset": "0.5s"}})");
  EXPECT_EQ(action.timeout, Milliseconds(0));
  EXPECT_EQ(action.max_stream_duration, Milliseconds(9000));
  EXPECT_EQ(action.grpc_timeout_header_max, Milliseconds(0));
  EXPECT_EQ(action.grpc_timeout_header_offset, Milliseconds(500));
  EXPECT_FALSE(action.max_grpc_timeout_ms.has_value());
}

TEST(CompileRoute, WeightedClusters) {
  ForwardAction action = forward(R"({"weighted_clusters": {"header_name": "X-W", "clusters": [
    {"name": "a", "weight": 90, "host_rewrite_literal": "h"},
    {"cluster_header": "X-C", "weight": 10,
     "request_headers_to_add": [{"header": {"key": "X-Add", "value": "v"}}],
     "response_headers_to_remove": ["X-Gone"]}]}})");
  EXPECT_EQ(action.total_weight, 100u);
  EXPECT_EQ(action.weight_header, "x-w");
  ASSERT_EQ(action.weighted.size(), 2u);
  EXPECT_EQ(action.weighted[0].host_rewrite, "h");
  EXPECT_EQ(action.weighted[1].cluster_header, "x-c");
  EXPECT_EQ(action.weighted[1].request_headers.add[0].name, "x-add");
  EXPECT_EQ(action.weighted[1].response_headers.remove[0], "x-gone");
}

TEST(CompileRoute, RefusesWeightsThatAddUpToNothing) {
  EXPECT_EQ(problem(one_route(
                R"("route": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 0}]}})")),
            "virtual_hosts[0].routes[0].route.weighted_clusters: total weight is 0");
}

TEST(CompileRoute, ReportsEveryProblemWithItsPath) {
  EXPECT_EQ(
      problem(one_host(R"([
        {"match": {"prefix": "/", "headers": [{"name": "a", "safe_regex_match": {"regex": "("}}]},
         "route": {"cluster": "missing"},
         "response_headers_to_add": [{"header": {"key": "x", "value": "%NOPE%"}}]},
        {"match": {"prefix": "/"}, "redirect": {"port_redirect": 70000}}])")),
      "virtual_hosts[0].routes[0].match.headers[0].safe_regex_match.regex: bad regular expression "
      "'(': missing ): (\n"
      "virtual_hosts[0].routes[0].route.cluster: unknown cluster 'missing'\n"
      "virtual_hosts[0].routes[0].response_headers_to_add[0].header.value: command %NOPE% is "
      "unknown\n"
      "virtual_hosts[0].routes[1].redirect.port_redirect: is above 65535");
}

TEST(CompileRoute, ChecksThatClustersExistUnlessToldNotTo) {
  const std::string routes = R"([{"match": {"prefix": "/"}, "route": {"cluster": "missing"}}])";
  EXPECT_NE(problem(one_host(routes)), "none");
  EXPECT_EQ(problem(one_host(routes, R"(, "validate_clusters": false)")), "none");
}

TEST(CompileRoute, RetryPoliciesAndWhatRoutesInherit) {
  TablePtr compiled = table(R"({"virtual_hosts": [{"name": "h", "domains": ["*"],
    "retry_policy": {"retry_on": "5xx"}, "per_request_buffer_limit_bytes": 9,
    "request_mirror_policies": [{"cluster": "shadow"}],
    "routes": [
      {"match": {"prefix": "/a"}, "route": {"cluster": "c"}},
      {"match": {"prefix": "/b"}, "per_request_buffer_limit_bytes": 5, "route": {"cluster": "c",
        "request_mirror_policies": [{"cluster_header": "X-M", "runtime_fraction": {
          "runtime_key": "k", "default_value": {"numerator": 5, "denominator": "TEN_THOUSAND"}}}],
        "retry_policy": {"retry_on": "connect-failure, reset,new-word", "num_retries": 3,
          "per_try_timeout": "0.1s", "retriable_status_codes": [409, 425],
          "retry_back_off": {"base_interval": "0.1s"}}}}]}]})");
  const auto& routes = compiled->hosts[0].routes;
  const ForwardAction& inherits = *routes[0].forward();
  EXPECT_EQ(inherits.retry->on, config::retry_on::server_error);
  EXPECT_EQ(inherits.retry->num_retries, 1u);
  EXPECT_EQ(inherits.mirrors[0].cluster.name, "shadow");
  EXPECT_EQ(inherits.mirrors[0].fraction.per_million, 1'000'000u);
  EXPECT_EQ(routes[0].request_buffer_limit, 9u);

  const ForwardAction& own = *routes[1].forward();
  EXPECT_EQ(own.retry->on, config::retry_on::connect_failure | config::retry_on::reset);
  EXPECT_EQ(own.retry->num_retries, 3u);
  EXPECT_EQ(own.retry->per_try_timeout, Milliseconds(100));
  EXPECT_EQ(own.retry->retriable_status_codes, (std::vector<uint32_t>{409, 425}));
  EXPECT_EQ(own.retry->base_interval, Milliseconds(100));
  EXPECT_EQ(own.retry->max_interval, Milliseconds(1000));
  ASSERT_EQ(own.mirrors.size(), 1u);
  EXPECT_EQ(own.mirrors[0].cluster_header, "x-m");
  EXPECT_EQ(own.mirrors[0].fraction.per_million, 500u);
  EXPECT_EQ(own.mirrors[0].fraction.runtime_key, "k");
  EXPECT_EQ(routes[1].request_buffer_limit, 5u);
}

TEST(CompileRoute, RetriesMayAvoidTheHostsThatWereTried) {
  ForwardAction plain = forward(R"({"cluster": "c", "retry_policy": {"retry_on": "5xx"}})");
  EXPECT_FALSE(plain.retry->avoid_previous_hosts);
  EXPECT_EQ(plain.retry->host_picks, 1u);
  ForwardAction choosy = forward(R"({"cluster": "c", "retry_policy": {"retry_on": "5xx",
    "host_selection_retry_max_attempts": 5, "retry_host_predicate": [{"name": "p", "typed_config":
    {"@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}]}})");
  EXPECT_TRUE(choosy.retry->avoid_previous_hosts);
  EXPECT_EQ(choosy.retry->host_picks, 5u);
  EXPECT_NE(problem(one_route(R"("route": {"cluster": "c", "retry_policy": {
              "host_selection_retry_max_attempts": -1, "retry_host_predicate": [{"name": "p"}]}})"))
                .find("retry_policy.retry_host_predicate[0].typed_config: '' is not supported"),
            std::string::npos);
}

TEST(CompileRoute, ConnectMayEndHere) {
  ForwardAction passes = forward(R"({"cluster": "c",
    "upgrade_configs": [{"upgrade_type": "CONNECT"}]})");
  EXPECT_FALSE(passes.ends_connect("CONNECT"));
  ForwardAction ends = forward(R"({"cluster": "c",
    "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}]})");
  EXPECT_TRUE(ends.ends_connect("CONNECT"));
  EXPECT_FALSE(ends.ends_connect("POST"));
  ForwardAction posts = forward(R"({"cluster": "c",
    "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {"allow_post": true}}]})");
  EXPECT_TRUE(posts.ends_connect("POST"));
  EXPECT_FALSE(posts.ends_connect("GET"));
  EXPECT_NE(problem(one_route(R"("route": {"cluster": "c", "upgrade_configs": [
              {"upgrade_type": "websocket", "connect_config": {}}]})"))
                .find("connect_config: is for CONNECT only, not for 'websocket'"),
            std::string::npos);
}

TEST(CompileRoute, MirrorsOfTheTableReachEveryRoute) {
  TablePtr compiled = table(one_host(R"([{"match": {"prefix": "/"}, "route": {"cluster": "c"}}])",
                                     R"(, "request_mirror_policies": [{"cluster": "shadow"}])"));
  EXPECT_EQ(compiled->hosts[0].routes[0].forward()->mirrors[0].cluster.name, "shadow");
}

TEST(CompileRoute, Redirects) {
  TablePtr compiled = table(one_route(R"("redirect": {"https_redirect": true,
    "host_redirect": "h", "port_redirect": 8443, "prefix_rewrite": "/p", "strip_query": true,
    "response_code": "PERMANENT_REDIRECT"})"));
  const auto& action = std::get<config::RedirectAction>(compiled->hosts[0].routes[0].action);
  EXPECT_TRUE(action.https);
  EXPECT_EQ(action.host, "h");
  EXPECT_EQ(action.port, 8443);
  EXPECT_EQ(action.prefix_rewrite, "/p");
  EXPECT_TRUE(action.strip_query);
  EXPECT_EQ(action.code, 308);
}

std::string direct_body(const std::string& body, const std::string& more = "") {
  auto result = compile(one_host(R"([{"match": {"prefix": "/"}, "direct_response": {"status": 200,
    "body": )" + body + "}}]",
                                 more));
  if (!result.ok()) return std::string(result.status().message());
  return std::get<config::DirectResponseAction>((*result)->hosts[0].routes[0].action).body;
}

TEST(CompileRoute, DirectResponsesReadTheirBody) {
  EXPECT_EQ(direct_body(R"({"inline_string": "text"})"), "text");
  EXPECT_EQ(direct_body(R"({"inline_bytes": "YWJj"})"), "abc");
  std::string path = ::testing::TempDir() + "direct_response_body.txt";
  std::ofstream(path) << "from a file";
  EXPECT_EQ(direct_body(R"({"filename": ")" + path + "\"}"), "from a file");
  std::remove(path.c_str());
  EXPECT_EQ(direct_body(R"({"filename": ")" + path + "\"}"),
            "virtual_hosts[0].routes[0].direct_response.body.filename: cannot read '" + path + "'");
}

TEST(CompileRoute, DirectResponsesHaveALargestSize) {
  std::string large = R"({"inline_string": ")" + std::string(5000, 'x') + "\"}";
  EXPECT_NE(direct_body(large).find("is larger than the 4096 bytes"), std::string::npos);
  EXPECT_EQ(direct_body(large, R"(, "max_direct_response_body_size_bytes": 5000)").size(), 5000u);
}

TEST(CompileRoute, RewritesExcludeEachOther) {
  EXPECT_EQ(problem(one_route(R"("route": {"cluster": "c", "prefix_rewrite": "/",
              "regex_rewrite": {"pattern": {"regex": "a"}, "substitution": "b"}})")),
            "virtual_hosts[0].routes[0].route: only one of prefix_rewrite, regex_rewrite, "
            "path_rewrite_policy and path_rewrite may be set");
  EXPECT_NE(problem(one_route(R"("route": {"cluster": "c",
              "regex_rewrite": {"pattern": {"regex": "a"}, "substitution": "\\1"}})"))
                .find("regex_rewrite.substitution"),
            std::string::npos);
}

TEST(CompileRoute, UpgradesAndHashPolicies) {
  ForwardAction action = forward(R"({"cluster": "c",
    "upgrade_configs": [{"upgrade_type": "WebSocket"}, {"upgrade_type": "x", "enabled": false}],
    "hash_policy": [{"header": {"header_name": "X-H"}, "terminal": true},
                    {"connection_properties": {"source_ip": true}}, {"cookie": {"name": "C"}},
                    {"query_parameter": {"name": "Q"}}]})");
  ASSERT_EQ(action.upgrades.size(), 2u);
  EXPECT_EQ(action.upgrades[0].type, "websocket");
  EXPECT_TRUE(action.upgrades[0].enabled);
  EXPECT_FALSE(action.upgrades[1].enabled);
  ASSERT_EQ(action.hash_policies.size(), 4u);
  EXPECT_EQ(action.hash_policies[0].name, "x-h");
  EXPECT_TRUE(action.hash_policies[0].terminal);
  EXPECT_EQ(action.hash_policies[3].name, "Q");
  EXPECT_NE(problem(one_route(R"("route": {"cluster": "c", "upgrade_configs": [
              {"upgrade_type": "a"}, {"upgrade_type": "A"}]})"))
                .find("duplicate upgrade 'a'"),
            std::string::npos);
}

TEST(CompileRoute, ManyRoutesGetAnIndex) {
  std::string routes = "[";
  for (int i = 0; i < 20; ++i) {
    routes += R"({"match": {"path": "/)" + std::to_string(i) + R"("}, "route": {"cluster": "c"}},)";
  }
  routes.back() = ']';
  EXPECT_NE(table(one_host(routes))->hosts[0].index, nullptr);
  EXPECT_EQ(table(one_route(R"("route": {"cluster": "c"})"))->hosts[0].index, nullptr);
}

TEST(CompileRoute, TableAndHostSettings) {
  TablePtr compiled = table(R"({"name": "t", "internal_only_headers": ["X-Internal"],
    "most_specific_header_mutations_wins": true, "ignore_port_in_host_matching": true,
    "request_headers_to_remove": ["X-A"],
    "virtual_hosts": [{"name": "h", "domains": ["*"], "require_tls": "EXTERNAL_ONLY",
      "include_request_attempt_count": true,
      "routes": [{"name": "r", "match": {"prefix": "/"}, "non_forwarding_action": {},
        "typed_per_filter_config": {"f": {"@type":
          "type.googleapis.com/google.protobuf.Struct", "value": {}}}}]}]})");
  EXPECT_EQ(compiled->internal_only_headers[0], "x-internal");
  EXPECT_TRUE(compiled->most_specific_header_mutations_wins);
  EXPECT_TRUE(compiled->ignore_port_in_host_matching);
  EXPECT_EQ(compiled->request_headers.remove[0], "x-a");
  const config::VirtualHost& host = compiled->hosts[0];
  EXPECT_EQ(host.require_tls, config::VirtualHost::RequireTls::external_only);
  EXPECT_TRUE(host.include_request_attempt_count);
  EXPECT_EQ(host.routes[0].name, "r");
  EXPECT_NE(host.routes[0].per_filter.find("f"), nullptr);
  EXPECT_TRUE(std::holds_alternative<config::NonForwardingAction>(host.routes[0].action));
}

TEST(CompileRoute, RetriesThatAskTheResponseWhen) {
  ForwardAction action = forward(R"({"cluster": "c", "retry_policy": {"retry_on": "5xx",
    "rate_limited_retry_back_off": {"max_interval": "7s", "reset_headers": [
      {"name": "Retry-After", "format": "SECONDS"}, {"name": "X-Reset", "format": "UNIX_TIMESTAMP"}]},
    "retry_priority": {"name": "p", "typed_config": {"@type":
      "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
      "update_frequency": 2}},
    "retry_host_predicate": [
      {"name": "a", "typed_config": {"@type":
        "type.googleapis.com/envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate"}},
      {"name": "b", "typed_config": {"@type":
        "type.googleapis.com/envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig",
        "metadata_match": {"filter_metadata": {"envoy.lb": {"k": "v"}, "other": {"x": "y"}}}}}]}})");
  ASSERT_NE(action.retry, nullptr);
  EXPECT_EQ(action.retry->reset_max_interval, Milliseconds(7000));
  ASSERT_EQ(action.retry->reset_headers.size(), 2u);
  EXPECT_EQ(action.retry->reset_headers[0].name, "retry-after");
  EXPECT_TRUE(action.retry->reset_headers[1].unix_timestamp);
  EXPECT_EQ(action.retry->priority_update_frequency, 2u);
  EXPECT_TRUE(action.retry->avoid_canary_hosts);
  EXPECT_FALSE(action.retry->avoid_previous_hosts);
  ASSERT_EQ(action.retry->avoided_metadata.size(), 1u);
  EXPECT_NE(action.retry->avoided_metadata[0].find("k"), nullptr);
}

TEST(CompileRoute, InternalRedirects) {
  EXPECT_EQ(forward(R"({"cluster": "c"})").internal_redirect, nullptr);
  auto plain = forward(R"({"cluster": "c", "internal_redirect_policy": {}})").internal_redirect;
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->max_redirects, 1u);
  EXPECT_EQ(plain->codes, (std::vector<uint32_t>{302}));
  auto full = forward(R"({"cluster": "c", "internal_redirect_policy": {
    "max_internal_redirects": 5, "redirect_response_codes": [301, 200, 308],
    "allow_cross_scheme_redirect": true, "response_headers_to_copy": ["X-A"],
    "predicates": [
      {"name": "a", "typed_config": {"@type":
        "type.googleapis.com/envoy.extensions.internal_redirect.previous_routes.v3.PreviousRoutesConfig"}},
      {"name": "b", "typed_config": {"@type":
        "type.googleapis.com/envoy.extensions.internal_redirect.allow_listed_routes.v3.AllowListedRoutesConfig",
        "allowed_route_names": ["r"]}}]}})")
                  .internal_redirect;
  ASSERT_NE(full, nullptr);
  EXPECT_EQ(full->max_redirects, 5u);
  EXPECT_EQ(full->codes, (std::vector<uint32_t>{301, 308}));
  EXPECT_TRUE(full->allow_cross_scheme);
  EXPECT_EQ(full->response_headers_to_copy, (std::vector<std::string>{"x-a"}));
  ASSERT_EQ(full->predicates.size(), 2u);
  auto status = compile(one_route(R"("route": {"cluster": "c", "internal_redirect_policy": {
    "response_headers_to_copy": ["Host"]}})"));
  EXPECT_FALSE(status.ok());
}

TEST(CompileRoute, HedgingOfTheHostUnlessTheRouteSaysMore) {
  TablePtr compiled = table(R"({"name": "t", "virtual_hosts": [{"name": "h", "domains": ["*"],
    "hedge_policy": {"hedge_on_per_try_timeout": true}, "include_is_timeout_retry_header": true,
    "routes": [{"match": {"prefix": "/a"}, "route": {"cluster": "c"}},
               {"match": {"prefix": "/"}, "route": {"cluster": "c", "hedge_policy": {}}}]}]})");
  ASSERT_NE(compiled, nullptr);
  EXPECT_TRUE(compiled->hosts[0].include_is_timeout_retry_header);
  EXPECT_TRUE(compiled->hosts[0].routes[0].forward()->hedge_on_per_try_timeout);
  EXPECT_FALSE(compiled->hosts[0].routes[1].forward()->hedge_on_per_try_timeout);
}

TEST(CompileRoute, MirrorsThatChangeTheirRequest) {
  ForwardAction action = forward(R"({"cluster": "c", "request_mirror_policies": [{"cluster": "m",
    "host_rewrite_literal": "x", "request_headers_mutations": [
      {"append": {"header": {"key": "X-A", "value": "1"}}}, {"remove": "X-B"},
      {"remove_on_match": {"key_matcher": {"prefix": "x-c"}}}]}]})");
  ASSERT_EQ(action.mirrors.size(), 1u);
  EXPECT_EQ(action.mirrors[0].host_rewrite, "x");
  ASSERT_EQ(action.mirrors[0].request_headers.size(), 3u);
  EXPECT_EQ(std::get<config::HeaderRemoval>(action.mirrors[0].request_headers[1]).name, "x-b");
  EXPECT_FALSE(compile(one_route(R"("route": {"cluster": "c", "request_mirror_policies": [
    {"cluster": "m", "request_headers_mutations": [{"remove": ":path"}]}]})"))
                   .ok());
}

}  // namespace
}  // namespace outrigger::xds
