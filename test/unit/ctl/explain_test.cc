#include "tools/ctl/explain.h"

#include "test/unit/ctl/support.h"
#include "tools/ctl/describe_match.h"
#include "tools/ctl/fractions.h"

namespace outrigger::ctl {
namespace {

std::string explained(const std::string& routes, const TestInput& input) {
  auto loaded = routes_of(routes, false);
  return explain(*loaded, input, ConfiguredFractions(*loaded));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CtlExplain, NamesEveryConditionThatFails) {
  TestInput input = get("/b?v=1");
  input.request_headers = {{"x-a", "one"}};
  std::string text = explained(
      "[{match: {prefix: /a, headers: [{name: x-a, string_match: {suffix: two}}, {name: x-b, "
      "present_match: true}], query_parameters: [{name: v, string_match: {exact: '2'}}]}, route: "
      "{cluster: c}}]",
      input);
  EXPECT_TRUE(has(text, "the path \"/b\" does not begin with \"/a\"; ")) << text;
  EXPECT_TRUE(has(text, "the header \"x-a\" is \"one\", and it has to end with \"two\"; ")) << text;
  EXPECT_TRUE(has(text, "there is no header \"x-b\", and it has to be there; ")) << text;
  EXPECT_TRUE(has(text, "the query parameter \"v\" is \"1\", and it has to be \"2\"\n")) << text;
  EXPECT_TRUE(has(text, "answers 404")) << text;
}

TEST(CtlExplain, AgreesWithTheMatcherOnEveryRoute) {
  auto loaded = routes_of(
      "[{match: {path: /x}, route: {cluster: a}}, {match: {prefix: /x, headers: [{name: h, "
      "string_match: {exact: v}, invert_match: true}]}, route: {cluster: b}}, {match: {prefix: /, "
      "grpc: {}}, route: {cluster: c}}, {match: {safe_regex: {regex: '/x.*'}}, route: {cluster: "
      "d}}, "
      "{match: {path_separated_prefix: /x}, route: {cluster: e}}, {match: {connect_matcher: {}}, "
      "route: {cluster: f}}]",
      false);
  ConfiguredFractions fractions(*loaded);
  for (const char* path : {"/x", "/X", "/xy", "/x/y", "/"}) {
    TestInput input = get(path);
    input.request_headers = {{"h", path}, {"content-type", "application/grpc"}};
    Request request(input);
    route::RouteInput route_in = route_input(request, fractions);
    for (const config::Route& route : loaded->table().hosts[0].routes) {
      EXPECT_EQ(failed_conditions(loaded->table(), route.match, route_in).empty(),
                route::matches(route.match, route_in))
          << path << ' ' << describe(route.match);
    }
  }
}

TEST(CtlExplain, SaysThatCaseIsTheDifference) {
  EXPECT_TRUE(has(explained("[{match: {path: /Users}, route: {cluster: c}}]", get("/users")),
                  "is not \"/Users\" (upper and lower case differ)"));
}

TEST(CtlExplain, SaysWhatTheRequestBecomes) {
  std::string text = explained(
      "[{match: {prefix: /}, route: {cluster: c, prefix_rewrite: /new/, timeout: 0s}, "
      "request_headers_to_add: [{header: {key: x, value: '%REQ(:path)%'}}]}]",
      get("/old"));
  EXPECT_TRUE(has(text, "timeout: none")) << text;
  EXPECT_TRUE(has(text, "request header: add x: %REQ(:path)% (route)")) << text;
  EXPECT_TRUE(has(text, "  :path: /new/old\n")) << text;
  EXPECT_TRUE(has(text, "  x: /old\n")) << text;
}

}  // namespace
}  // namespace outrigger::ctl
