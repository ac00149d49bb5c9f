// Generic matchers, path templates and the newer fields of routes, compiled.
#include <string>

#include "google/protobuf/util/json_util.h"
#include <gtest/gtest.h>

#include "api/config/stream_conditions.h"
#include "proxy/route/match.h"
#include "proxy/route/rewrite.h"
#include "test/unit/route/request.h"
#include "test/unit/xds/fake_route_context.h"
#include "xds/compile_match_tree.h"
#include "xds/compile_route.h"
#include "xds/uri_template.h"

namespace outrigger::xds {
namespace {

using RouteTablePtr = std::shared_ptr<const config::RouteTable>;

absl::StatusOr<RouteTablePtr> compile_table(const std::string& json) {
  envoy::config::route::v3::RouteConfiguration message;
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  EXPECT_TRUE(parsed.ok()) << std::string(parsed.message());
  FakeRouteContext context;
  return compile_route_table(message, context);
}

std::string host_with(const std::string& fields, const std::string& more = "") {
  return R"({"name": "t", "virtual_hosts": [{"name": "h", "domains": ["*"], )" + fields + "}]" +
         more + "}";
}

std::string routes_with(const std::string& match, const std::string& action) {
  return host_with(R"("routes": [{"match": )" + match + ", " + action + "}]");
}

std::string error_of(const absl::StatusOr<RouteTablePtr>& result) {
  return result.ok() ? "" : std::string(result.status().message());
}

#define TYPE(name) "\"@type\": \"type.googleapis.com/" name "\""

std::string template_match(const std::string& text) {
  return R"({"path_match_policy": {"name": "m", "typed_config": {)" TYPE(
             "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig") R"(, "path_template": ")" +
         text + "\"}}}";
}

std::string template_rewrite(const std::string& text) {
  return R"("route": {"cluster": "c", "path_rewrite_policy": {"name": "r", "typed_config": {)" TYPE(
             "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig") R"(, "path_template_rewrite": ")" +
         text + "\"}}}";
}

std::string rewritten(const std::string& from, const std::string& to, std::string_view path) {
  auto table = compile_table(routes_with(template_match(from), template_rewrite(to)));
  if (!table.ok()) return error_of(table);
  route::TestMessage request{{":path", path}};
  const config::Route* found = route::match(**table, request.input()).route;
  if (found == nullptr) return "(no route)";
  route::rewrite_request(*found, request.headers, {});
  return request.get(":path");
}

TEST(PathTemplate, ItsVariablesMakeTheNewPath) {
  EXPECT_EQ(rewritten("/shop/{id}/items/{item}", "/items/{item}/of/{id}1", "/shop/7/items/x?q=1"),
            "/items/x/of/71?q=1");
  EXPECT_EQ(rewritten("/files/{rest=**}", "/{rest}", "/files/a/b"), "/a/b");
  EXPECT_EQ(rewritten("/a-{x}-b", "/{x}{x}", "/a-1-b"), "/11");
  EXPECT_EQ(rewritten("/a", "/b", "/a/b"), "(no route)");
}

TEST(PathTemplate, RefusesWhatMakesNoPath) {
  EXPECT_NE(rewritten("/{x}", "/{y}", "").find("'y' is no variable"), std::string::npos);
  for (const char* to : {"b", "/b//c", "/b?q={x}", "/b/{x", "/b#"})
    EXPECT_NE(rewritten("/{x}", to, "").find("path_rewrite_policy"), std::string::npos) << to;
}

TEST(PathTemplate, HasTheSyntaxOfEnvoy) {
  for (const char* good :
       {"/a/*", "/a/**", "/{x}b", "/a/{x}/", "/a/{x}b/c", "/{x=a/*}", "/a=b", "/**/a", "/**.m3u8",
        "/{x=**}.m3u8", "/{x=**}b/c", "/", "/x{y}", "/a-{x}-b", "/{abcdefghijklmnop}"})
    EXPECT_TRUE(uri_template_regex(good).ok()) << good;
  for (const char* bad : {"a", "/a//b", "/{x=}", "/{x}/{x}", "/**/a/*", "/{a}/{b}/{c}/{d}/{e}/{f}",
                          "/{_a}", "/{x=/a}", "/{x=a/}", "/{x=*a}", "/a b", "/{x", "/x}",
                          "/{abcdefghijklmnopq}", "/a/{x}{y}", "/{x}-{y}", "/*{x}", "/**b/c"})
    EXPECT_FALSE(uri_template_regex(bad).ok()) << bad;
  // Envoy takes these for regular expressions, by accident.
  for (const char* odd : {"/a*", "/a*/b", "/***", "/{x=a}*", "/{x=a*}"})
    EXPECT_FALSE(uri_template_regex(odd).ok()) << odd;
}

TEST(PathTemplate, GoesWithNoPrefixRewrite) {
  EXPECT_NE(error_of(compile_table(routes_with(
                template_match("/a"), R"("route": {"cluster": "c", "prefix_rewrite": "/"})"))),
            "");
  EXPECT_NE(error_of(compile_table(
                routes_with(template_match("/a"), R"("redirect": {"prefix_rewrite": "/"})"))),
            "");
  EXPECT_NE(error_of(compile_table(routes_with(R"({"prefix": "/"})", template_rewrite("/a")))), "");
}

TEST(CompileRewrites, OnlyOneMayBeSet) {
  EXPECT_NE(error_of(compile_table(routes_with(
                R"({"prefix": "/"})",
                R"("route": {"cluster": "c", "prefix_rewrite": "/", "path_rewrite": "/x"})"))),
            "");
  auto table = compile_table(routes_with(
      R"({"prefix": "/"})",
      R"("route": {"cluster": "c", "host_rewrite": "h-%REQ(x)%", "path_rewrite": "/%REQ(x)%"})"));
  ASSERT_TRUE(table.ok()) << table.status();
  const config::ForwardAction& action = *(*table)->hosts[0].routes[0].forward();
  EXPECT_TRUE(action.host_rewrite_format && action.path_rewrite_format);
}

TEST(CompileStreamConditions, AllThree) {
  auto table = compile_table(routes_with(
      R"({"prefix": "/", "tls_context": {"presented": true, "validated": false},
          "dynamic_metadata": [{"filter": "f", "path": [{"key": "k"}],
                                "value": {"string_match": {"exact": "v"}}}],
          "filter_state": [{"key": "a", "string_match": {"prefix": "x"}},
                           {"key": "b", "address_match": {"ranges": [
                               {"address_prefix": "10.0.0.0", "prefix_len": 8}]}}]})",
      R"("route": {"cluster": "c"})"));
  ASSERT_TRUE(table.ok()) << table.status();
  const auto& conditions = (*table)->hosts[0].routes[0].match.stream;
  ASSERT_NE(conditions, nullptr);
  EXPECT_EQ(conditions->certificate_presented, true);
  EXPECT_EQ(conditions->certificate_validated, false);
  EXPECT_EQ(conditions->metadata.size(), 1u);
  EXPECT_EQ(conditions->filter_state.size(), 2u);
  EXPECT_NE(error_of(compile_table(routes_with(
                R"({"prefix": "/", "filter_state": [{"key": "b", "address_match": {"ranges": [
                    {"address_prefix": "x"}]}}]})",
                R"("route": {"cluster": "c"})"))),
            "");
}

TEST(CompileSpecifiers, AnOptionalOneThatIsNotKnownMatchesNothing) {
  auto inline_plugin = [](const char* optional) {
    return host_with(std::string(R"("routes": [{"match": {"prefix": "/"}, "route": {
        "inline_cluster_specifier_plugin": {"extension": {"name": "lua"}, "is_optional": )") +
                     optional + R"(}}}, {"match": {"prefix": "/"}, "route": {"cluster": "c"}}])");
  };
  auto table = compile_table(inline_plugin("true"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->hosts[0].routes.size(), 1u);
  EXPECT_NE(error_of(compile_table(inline_plugin("false"))).find("'lua' is not supported"),
            std::string::npos);

  const std::string by_name =
      R"("routes": [{"match": {"prefix": "/"}, "route": {"cluster_specifier_plugin": "p"}}])";
  auto plugins = [](const char* optional) {
    return std::string(R"(, "cluster_specifier_plugins": [{"extension": {"name": "p"},
                          "is_optional": )") +
           optional + "}]";
  };
  EXPECT_TRUE(compile_table(host_with(by_name, plugins("true"))).ok());
  EXPECT_FALSE(compile_table(host_with(by_name, plugins("false"))).ok());
  EXPECT_NE(error_of(compile_table(host_with(by_name))).find("no cluster specifier 'p'"),
            std::string::npos);
}

TEST(CompileWeighted, MetadataOfAClusterAddsToTheRoutes) {
  auto table = compile_table(routes_with(R"({"prefix": "/"})", R"("route": {
      "metadata_match": {"filter_metadata": {"envoy.lb": {"b": "2", "a": "1"}}},
      "weighted_clusters": {"runtime_key_prefix": "w", "use_hash_policy": true, "clusters": [
        {"name": "x", "weight": 1, "metadata_match": {"filter_metadata": {"envoy.lb": {"b": "3"}}}},
        {"name": "y", "weight": 1}]}})"));
  ASSERT_TRUE(table.ok()) << table.status();
  const config::ForwardAction& action = *(*table)->hosts[0].routes[0].forward();
  using Criteria = config::MetadataMatchCriteria::Values;
  auto text = [](const char* value) { return MetadataValue(std::string(value)); };
  EXPECT_EQ(action.metadata_match->values(), (Criteria{{"a", text("1")}, {"b", text("2")}}));
  EXPECT_EQ(action.weighted[0].metadata_match->values(),
            (Criteria{{"a", text("1")}, {"b", text("3")}}));
  EXPECT_EQ(action.weighted[1].metadata_match, action.metadata_match);
  EXPECT_TRUE(action.weight_by_hash && action.weights_in_runtime);
  EXPECT_EQ(action.weighted[1].runtime_key, "w.y");
}

const std::string kHeaderInput = R"({"name": "i", "typed_config": {)" TYPE(
    "envoy.type.matcher.v3.HttpRequestHeaderMatchInput") R"(, "header_name": "X-Kind"}})";

std::string route_action(const std::string& cluster) {
  return R"({"action": {"name": "r", "typed_config": {)" TYPE("envoy.config.route.v3.Route") R"(,
      "name": ")" +
         cluster + R"(", "match": {"prefix": "/"}, "route": {"cluster": ")" + cluster + R"("}}}})";
}

std::string found_by(const std::string& matcher, route::TestMessage::Fields fields) {
  auto table = compile_table(host_with(R"("matcher": )" + matcher));
  if (!table.ok()) return error_of(table);
  route::TestMessage request(fields);
  const config::Route* found = route::match(**table, request.input()).route;
  return found == nullptr ? "(none)" : found->name;
}

TEST(CompileRouteTree, MapsLeadToRoutes) {
  std::string matcher = R"({"matcher_tree": {"input": )" + kHeaderInput +
                        R"(, "exact_match_map": {"map": {"a": )" + route_action("one") +
                        R"(, "b": )" + route_action("missing") + R"(}}}, "on_no_match": )" +
                        route_action("rest") + "}";
  EXPECT_EQ(found_by(matcher, {{":path", "/"}, {"x-kind", "a"}}), "one");
  // Whose cluster nobody looked for, as in Envoy.
  EXPECT_EQ(found_by(matcher, {{":path", "/"}, {"x-kind", "b"}}), "missing");
  EXPECT_EQ(found_by(matcher, {{":path", "/"}}), "rest");
}

TEST(CompileRouteTree, ListsOfRoutes) {
  std::string matcher = R"({"on_no_match": {"action": {"name": "l", "typed_config": {)" TYPE(
      "envoy.config.route.v3.RouteList") R"(,
        "routes": [{"name": "a", "match": {"prefix": "/a"}, "route": {"cluster": "c"}},
                   {"name": "b", "match": {"prefix": "/"}, "route": {"cluster": "c"}}]}}}})";
  EXPECT_EQ(found_by(matcher, {{":path", "/a"}}), "a");
  EXPECT_EQ(found_by(matcher, {{":path", "/b"}}), "b");
}

TEST(CompileRouteTree, ListsOfPredicates) {
  std::string matcher = R"({"matcher_list": {"matchers": [{"predicate": {"not_matcher": {
      "or_matcher": {"predicate": [
        {"single_predicate": {"input": )" +
                        kHeaderInput + R"(, "value_match": {"prefix": "A", "ignore_case": true}}},
        {"single_predicate": {"input": )" +
                        kHeaderInput + R"(, "value_match": {"safe_regex": {"regex": "b+"}}}}]}}},
      "on_match": )" + route_action("neither") +
                        "}]}}";
  EXPECT_EQ(found_by(matcher, {{":path", "/"}, {"x-kind", "ab"}}), "(none)");
  EXPECT_EQ(found_by(matcher, {{":path", "/"}, {"x-kind", "bb"}}), "(none)");
  EXPECT_EQ(found_by(matcher, {{":path", "/"}, {"x-kind", "c"}}), "neither");
}

TEST(CompileRouteTree, SaysWhatIsWrong) {
  EXPECT_NE(found_by(R"({"on_no_match": {"action": {"name": "x", "typed_config": {)" TYPE(
                         "google.protobuf.StringValue") R"(, "value": "x"}}}})",
                     {})
                .find("is no route and no list of routes"),
            std::string::npos);
  std::string address =
      R"({"matcher_tree": {"input": {"name": "i", "typed_config": {)" TYPE(
          "envoy.extensions.matching.common_inputs.network.v3.SourceIPInput") R"(}},
      "exact_match_map": {"map": {"a": )" +
      route_action("one") + "}}}}";
  EXPECT_NE(found_by(address, {}).find("a route's matcher reads headers"), std::string::npos);
  auto both = compile_table(host_with(R"("matcher": {}, "routes": [
      {"match": {"prefix": "/"}, "route": {"cluster": "c"}}])"));
  EXPECT_NE(error_of(both).find("cannot be set together with routes"), std::string::npos);
}

TEST(CompileMatchTree, IsNotNestedWithoutALimit) {
  ::xds::type::matcher::v3::Matcher matcher;
  auto* inner = &matcher;
  for (int i = 0; i < 40; ++i) inner = inner->mutable_on_no_match()->mutable_matcher();
  auto action = [](const auto&) -> absl::StatusOr<uint32_t> { return 0u; };
  EXPECT_FALSE(compile_match_tree(matcher, MatchSubject::request, action).ok());
}

TEST(CompileMatchTree, RangesOfAConnection) {
  ::xds::type::matcher::v3::Matcher matcher;
  auto parsed = google::protobuf::util::JsonStringToMessage(
      R"({"matcher_tree": {"input": {"name": "i", "typed_config": {)" TYPE("envoy.extensions."
                                                                           "matching.common_inputs."
                                                                           "network.v3."
                                                                           "SourceIPInput") R"(}},
          "custom_match": {"name": "ip", "typed_config": {)" TYPE("xds.type.matcher.v3.IPMatcher") R"(,
            "range_matchers": [{"ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}],
              "on_match": {"action": {"name": "x"}}}]}}}})",
      &matcher);
  ASSERT_TRUE(parsed.ok()) << std::string(parsed.message());
  auto action = [](const auto&) -> absl::StatusOr<uint32_t> { return 7u; };
  auto tree = compile_match_tree(matcher, MatchSubject::connection, action);
  ASSERT_TRUE(tree.ok()) << tree.status();
  DownstreamConnectionInfo connection;
  connection.remote = *net::Address::from_ip("10.1.2.3", 1);
  EXPECT_EQ(tree->find(config::ConnectionSource(connection)), 7u);
  connection.remote = *net::Address::from_ip("11.1.2.3", 1);
  EXPECT_EQ(tree->find(config::ConnectionSource(connection)), config::OnMatch::kNoAction);
}

}  // namespace
}  // namespace outrigger::xds
