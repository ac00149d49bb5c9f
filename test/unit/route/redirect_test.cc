#include "proxy/route/redirect.h"

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

config::Route redirect(config::RedirectAction action) {
  config::Route route = prefix_route("/pre", "");
  route.action = std::move(action);
  return route;
}

std::string location(const config::RedirectAction& action, std::string_view authority,
                     std::string_view path, std::string_view scheme = "http") {
  TestMessage request{{":scheme", scheme},
                      {":authority", authority},
                      {":path", path},
                      {"x-forwarded-proto", scheme}};
  return std::string(redirect_location(redirect(action), request.headers, request.arena));
}

TEST(Redirect, KeepsWhatTheRouteDoesNotName) {
  EXPECT_EQ(location({}, "a.test:8080", "/pre?q"), "http://a.test:8080/pre?q");
}

TEST(Redirect, DropsThePortThatWasTheDefaultOfTheSchemeLeft) {
  config::RedirectAction https;
  https.https = true;
  EXPECT_EQ(location(https, "a.test", "/pre"), "https://a.test/pre");
  EXPECT_EQ(location(https, "a.test:80", "/pre"), "https://a.test/pre");
  EXPECT_EQ(location(https, "a.test:8080", "/pre"), "https://a.test:8080/pre");
  EXPECT_EQ(location(https, "a.test:443", "/pre"), "https://a.test:443/pre");
  EXPECT_EQ(location(https, "[::1]:80", "/pre"), "https://[::1]/pre");
  EXPECT_EQ(location(https, "[::1]", "/pre"), "https://[::1]/pre");
  EXPECT_EQ(location(https, "a.test:443", "/pre", "https"), "https://a.test:443/pre");
}

TEST(Redirect, ReplacesSchemeHostAndPort) {
  config::RedirectAction action;
  action.scheme = "ftp";
  action.host = "b.test";
  action.port = 21;
  EXPECT_EQ(location(action, "a.test:80", "/pre"), "ftp://b.test:21/pre");
  config::RedirectAction port;
  port.port = 8443;
  EXPECT_EQ(location(port, "a.test:80", "/pre"), "http://a.test:8443/pre");
  EXPECT_EQ(location(port, "[::2]", "/pre"), "http://[::2]:8443/pre");
}

TEST(Redirect, PathRedirectKeepsTheQueryUnlessItHasItsOwnOrStripsIt) {
  config::RedirectAction action;
  action.path = "/new";
  EXPECT_EQ(location(action, "a", "/pre?q"), "http://a/new?q");
  action.strip_query = true;
  EXPECT_EQ(location(action, "a", "/pre?q"), "http://a/new");
  action.path = "/new?own";
  EXPECT_EQ(location(action, "a", "/pre?q"), "http://a/new?own");
}

TEST(Redirect, RewritesPrefixOrRegex) {
  config::RedirectAction prefix;
  prefix.prefix_rewrite = "/np";
  EXPECT_EQ(location(prefix, "a", "/pre/x?q"), "http://a/np/x?q");
  prefix.strip_query = true;
  EXPECT_EQ(location(prefix, "a", "/pre/x?q"), "http://a/np/x");
  config::RedirectAction regex;
  regex.regex_rewrite = config::RegexRewrite{text_regex("x"), "y"};
  EXPECT_EQ(location(regex, "a", "/pre/x?x"), "http://a/pre/y?x");
}

TEST(Redirect, ToTlsKeepsHostAndPath) {
  TestMessage request{{":authority", "a.test:80"}, {":path", "/p?q"}};
  EXPECT_EQ(tls_redirect_location(request.headers, request.arena), "https://a.test:80/p?q");
}

}  // namespace
}  // namespace outrigger::route
