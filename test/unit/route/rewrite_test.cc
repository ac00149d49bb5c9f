#include "proxy/route/rewrite.h"

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using Kind = config::PathMatch::Kind;

config::Route with_prefix(Kind kind, std::string text, std::string rewrite) {
  config::Route route = prefix_route("", "cluster");
  route.match.path = path_match(kind, std::move(text));
  std::get<config::ForwardAction>(route.action).prefix_rewrite = std::move(rewrite);
  return route;
}

config::ForwardAction& action_of(config::Route& route) {
  return std::get<config::ForwardAction>(route.action);
}

std::string rewritten(const config::Route& route, std::string_view path) {
  ChunkPool pool;
  Arena arena(pool);
  return std::string(rewritten_path(route, path, arena));
}

TEST(RewritePath, ReplacesTheMatchedPrefixAndKeepsTheQuery) {
  config::Route route = with_prefix(Kind::prefix, "/foo", "/bar");
  EXPECT_EQ(rewritten(route, "/foo/x?y=/foo"), "/bar/x?y=/foo");
  EXPECT_EQ(rewritten(route, "/foobar"), "/barbar");
  EXPECT_EQ(rewritten(route, "/foo?y"), "/bar?y");
}

TEST(RewritePath, ReplacesTheWholePathOfExactAndRegexRoutes) {
  EXPECT_EQ(rewritten(with_prefix(Kind::path, "/foo", "/bar/"), "/foo?y"), "/bar/?y");
  EXPECT_EQ(rewritten(with_prefix(Kind::regex, "", "/bar"), "/foo/x?y"), "/bar?y");
}

TEST(RewritePath, RegexSeesThePathAndNotTheQuery) {
  config::Route route = prefix_route("/", "cluster");
  action_of(route).regex_rewrite = config::RegexRewrite{text_regex("o"), "0"};
  EXPECT_EQ(rewritten(route, "/foo?foo"), "/f00?foo");
}

TEST(RewritePath, AnEmptyResultChangesNothing) {
  config::Route route = prefix_route("/", "cluster");
  action_of(route).regex_rewrite = config::RegexRewrite{text_regex("/foo"), ""};
  EXPECT_EQ(rewritten(route, "/foo"), "");
  TestMessage request{{":path", "/foo"}};
  rewrite_request(route, request.headers, {});
  EXPECT_EQ(request.get(":path"), "/foo");
  EXPECT_FALSE(request.has("x-envoy-original-path"));
}

TEST(RewritePath, APathThatAFilterShortenedIsLeftAlone) {
  config::Route route = with_prefix(Kind::prefix, "/long/prefix", "/bar");
  TestMessage request{{":path", "/l"}};
  rewrite_request(route, request.headers, {});
  EXPECT_EQ(request.get(":path"), "/l");
}

TEST(RewriteRequest, SaysWhatThePathWasUnlessSuppressed) {
  config::Route route = with_prefix(Kind::prefix, "/foo", "/bar");
  TestMessage request{{":path", "/foo?q"}};
  rewrite_request(route, request.headers, {});
  EXPECT_EQ(request.get(":path"), "/bar?q");
  EXPECT_EQ(request.get("x-envoy-original-path"), "/foo?q");
  TestMessage quiet{{":path", "/foo"}};
  rewrite_request(route, quiet.headers, {.envoy_headers = false});
  EXPECT_EQ(quiet.get(":path"), "/bar");
  EXPECT_FALSE(quiet.has("x-envoy-original-path"));
}

TEST(RewriteHost, TakesALiteralAHeaderOrThePath) {
  config::Route literal = prefix_route("/", "cluster");
  action_of(literal).host_rewrite = "new.test";
  config::Route from_header = prefix_route("/", "cluster");
  action_of(from_header).host_rewrite_header = "x-host";
  config::Route from_path = prefix_route("/", "cluster");
  action_of(from_path).host_rewrite_path_regex = config::RegexRewrite{text_regex("/"), "p."};
  auto host = [](const config::Route& route) {
    TestMessage request{{":authority", "old.test"}, {":path", "/a?b"}, {"x-host", "named.test"}};
    rewrite_request(route, request.headers, {});
    EXPECT_EQ(request.get("x-envoy-original-host"), "old.test");
    return request.get(":authority");
  };
  EXPECT_EQ(host(literal), "new.test");
  EXPECT_EQ(host(from_header), "named.test");
  EXPECT_EQ(host(from_path), "p.a");
}

TEST(RewriteHost, StaysWhenTheHeaderIsMissing) {
  config::Route route = prefix_route("/", "cluster");
  action_of(route).host_rewrite_header = "x-host";
  TestMessage request{{":authority", "old.test"}, {":path", "/"}};
  rewrite_request(route, request.headers, {});
  EXPECT_EQ(request.get(":authority"), "old.test");
}

TEST(RewriteHost, AppendsTheOldHostOnce) {
  TestMessage first{{":authority", "old.test"}};
  rewrite_host(first.headers, "new.test", true, {});
  EXPECT_EQ(first.get("x-forwarded-host"), "old.test");
  TestMessage again{{":authority", "old.test"}, {"x-forwarded-host", "a,old.test"}};
  rewrite_host(again.headers, "new.test", true, {});
  EXPECT_EQ(again.get("x-forwarded-host"), "a,old.test");
  TestMessage other{{":authority", "old.test"}, {"x-forwarded-host", "old.test,b"}};
  rewrite_host(other.headers, "new.test", true, {});
  EXPECT_EQ(other.get("x-forwarded-host"), "old.test,b,old.test");
}

}  // namespace
}  // namespace outrigger::route
