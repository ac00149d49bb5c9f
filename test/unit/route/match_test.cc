#include "proxy/route/match.h"

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using Kind = config::PathMatch::Kind;

struct Table : config::RouteTable {
  config::VirtualHost& add_host(std::string host_name) {
    hosts.emplace_back();
    hosts.back().name = std::move(host_name);
    return hosts.back();
  }
};

Table domains() {
  Table table;
  for (const char* name : {"exact", "suffix", "long suffix", "prefix", "default"}) {
    table.add_host(name).routes.push_back(prefix_route("/", name));
  }
  table.exact_domains = {{"example.com", 0}, {"example.com:8080", 0}, {"[::1]", 0}};
  table.suffix_domains.push_back({14, {{"-x.example.com", 2}}});
  table.suffix_domains.push_back({12, {{".example.com", 1}}});
  table.prefix_domains.push_back({4, {{"foo.", 3}}});
  table.default_host = 4;
  return table;
}

std::string host_of(const config::RouteTable& table, std::string_view authority) {
  ChunkPool pool;
  Arena arena(pool);
  const config::VirtualHost* host = find_host(table, authority, arena);
  return host == nullptr ? "none" : host->name;
}

TEST(FindHost, PrefersExactThenLongestSuffixThenPrefixThenDefault) {
  Table table = domains();
  EXPECT_EQ(host_of(table, "example.com"), "exact");
  EXPECT_EQ(host_of(table, "a.example.com"), "suffix");
  EXPECT_EQ(host_of(table, "a-x.example.com"), "long suffix");
  EXPECT_EQ(host_of(table, "foo.org"), "prefix");
  EXPECT_EQ(host_of(table, "foo.example.com"), "suffix");
  EXPECT_EQ(host_of(table, "other"), "default");
}

TEST(FindHost, IgnoresCase) {
  EXPECT_EQ(host_of(domains(), "EXAMPLE.com"), "exact");
}

TEST(FindHost, WildcardStandsForAtLeastOneOctet) {
  Table table = domains();
  EXPECT_EQ(host_of(table, ".example.com"), "default");
  EXPECT_EQ(host_of(table, "-x.example.com"), "suffix");
  EXPECT_EQ(host_of(table, "foo."), "default");
}

TEST(FindHost, ComparesThePortUnlessToldNotTo) {
  Table table = domains();
  EXPECT_EQ(host_of(table, "example.com:8080"), "exact");
  EXPECT_EQ(host_of(table, "example.com:80"), "default");
  table.ignore_port_in_host_matching = true;
  EXPECT_EQ(host_of(table, "example.com:80"), "exact");
  EXPECT_EQ(host_of(table, "[::1]:80"), "exact");
  EXPECT_EQ(host_of(table, "[::1]"), "exact");
}

TEST(FindHost, WithoutDefaultThereMayBeNone) {
  Table table = domains();
  table.default_host.reset();
  EXPECT_EQ(host_of(table, "other"), "none");
}

bool path_matches(const config::PathMatch& path, std::string_view target) {
  config::RouteMatch match;
  match.path = path;
  TestMessage request{{":method", "GET"}, {":path", target}};
  return matches(match, request.input());
}

TEST(PathMatch, PrefixLooksAtThePathWithoutItsQuery) {
  auto prefix = path_match(Kind::prefix, "/Foo");
  EXPECT_TRUE(path_matches(prefix, "/Foo"));
  EXPECT_TRUE(path_matches(prefix, "/Foobar?x"));
  EXPECT_FALSE(path_matches(prefix, "/foo"));
  EXPECT_FALSE(path_matches(prefix, "/?/Foo"));
  EXPECT_TRUE(path_matches(path_match(Kind::prefix, "/Foo", false), "/FOO/"));
}

TEST(PathMatch, PathIsTheWholePath) {
  auto path = path_match(Kind::path, "/foo");
  EXPECT_TRUE(path_matches(path, "/foo?x=y"));
  EXPECT_TRUE(path_matches(path, "/foo#fragment"));
  EXPECT_FALSE(path_matches(path, "/foo/"));
  EXPECT_TRUE(path_matches(path_match(Kind::path, "/foo", false), "/FOO"));
}

TEST(PathMatch, SeparatedPrefixEndsAtASlash) {
  auto path = path_match(Kind::path_separated_prefix, "/foo");
  EXPECT_TRUE(path_matches(path, "/foo"));
  EXPECT_TRUE(path_matches(path, "/foo/bar"));
  EXPECT_TRUE(path_matches(path, "/foo?bar"));
  EXPECT_FALSE(path_matches(path, "/foobar"));
}

TEST(PathMatch, RegexIsGivenThePathOnly) {
  config::PathMatch path;
  path.kind = Kind::regex;
  path.regex = text_regex("/foo");
  EXPECT_TRUE(path_matches(path, "/foo?x"));
  EXPECT_FALSE(path_matches(path, "/foo/"));
}

TEST(PathMatch, ConnectMatchesTunnelsAndNothingElseDoes) {
  config::RouteMatch connect;
  connect.path.kind = Kind::connect;
  config::RouteMatch any;
  any.path = path_match(Kind::prefix, "");
  TestMessage tunnel{{":method", "CONNECT"}, {":authority", "a:443"}};
  EXPECT_TRUE(matches(connect, tunnel.input()));
  EXPECT_FALSE(matches(any, tunnel.input()));
  TestMessage udp{{":method", "CONNECT"}, {":protocol", "connect-udp"}, {":path", "/"}};
  EXPECT_TRUE(matches(connect, udp.input()));
  TestMessage web_socket{{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/chat"}};
  EXPECT_FALSE(matches(connect, web_socket.input()));
  EXPECT_TRUE(matches(any, web_socket.input()));
}

TEST(RouteMatch, GrpcOnlyLooksAtTheContentType) {
  config::RouteMatch match;
  match.path = path_match(Kind::prefix, "/");
  match.grpc_only = true;
  TestMessage grpc{{":path", "/"}, {"content-type", "application/grpc+proto"}};
  TestMessage web{{":path", "/"}, {"content-type", "application/grpc-web"}};
  EXPECT_TRUE(matches(match, grpc.input()));
  EXPECT_FALSE(matches(match, web.input()));
}

TEST(RouteMatch, FractionTakesItsShareOfTheRandomNumbers) {
  config::RouteMatch match;
  match.path = path_match(Kind::prefix, "/");
  match.fraction = config::RuntimeFraction{250'000, ""};
  TestMessage request{{":path", "/"}};
  EXPECT_TRUE(matches(match, request.input(1'249'999)));
  EXPECT_FALSE(matches(match, request.input(1'250'000)));
}

TEST(RouteMatch, RuntimeMayOverrideAFraction) {
  struct Nobody final : FractionSource {
    bool chosen(const config::RuntimeFraction& fraction, uint64_t) const override {
      return fraction.runtime_key != "off";
    }
  } nobody;
  config::RouteMatch match;
  match.path = path_match(Kind::prefix, "/");
  match.fraction = config::RuntimeFraction{1'000'000, "off"};
  TestMessage request{{":path", "/"}};
  EXPECT_TRUE(matches(match, request.input()));
  EXPECT_FALSE(matches(match, {request.headers, request.arena, 0, &nobody}));
}

TEST(Match, TakesTheFirstRouteInOrder) {
  Table table;
  auto& host = table.add_host("host");
  host.routes.push_back(prefix_route("/a/b", "longer"));
  host.routes.push_back(prefix_route("/a", "shorter"));
  host.routes.push_back(prefix_route("/a/b/c", "never"));
  table.default_host = 0;
  TestMessage request{{":authority", "x"}, {":path", "/a/b/c"}};
  EXPECT_EQ(match(table, request.input()).route->name, "longer");
  TestMessage other{{":authority", "x"}, {":path", "/a/c"}};
  EXPECT_EQ(match(table, other.input()).route->name, "shorter");
  TestMessage none{{":authority", "x"}, {":path", "/"}};
  EXPECT_EQ(match(table, none.input()).route, nullptr);
  EXPECT_EQ(match(table, none.input()).host, table.hosts.data());
}

TEST(Match, AHostThatRequiresTlsRedirectsPlainRequests) {
  Table table;
  auto& host = table.add_host("host");
  host.routes.push_back(prefix_route("/", "any"));
  host.require_tls = config::VirtualHost::RequireTls::all;
  table.default_host = 0;
  TestMessage plain{{":authority", "x"}, {":path", "/"}, {"x-forwarded-proto", "http"}};
  EXPECT_TRUE(match(table, plain.input()).needs_tls);
  EXPECT_EQ(match(table, plain.input()).route, nullptr);
  TestMessage secure{{":authority", "x"}, {":path", "/"}, {"x-forwarded-proto", "https"}};
  EXPECT_FALSE(match(table, secure.input()).needs_tls);
  EXPECT_NE(match(table, secure.input()).route, nullptr);
}

TEST(Match, ExternalOnlyLetsInternalRequestsPass) {
  Table table;
  auto& host = table.add_host("host");
  host.routes.push_back(prefix_route("/", "any"));
  host.require_tls = config::VirtualHost::RequireTls::external_only;
  table.default_host = 0;
  TestMessage external{{":authority", "x"}, {":path", "/"}, {"x-forwarded-proto", "http"}};
  EXPECT_TRUE(match(table, external.input()).needs_tls);
  TestMessage internal{{":authority", "x"},
                       {":path", "/"},
                       {"x-forwarded-proto", "http"},
                       {"x-envoy-internal", "true"}};
  EXPECT_FALSE(match(table, internal.input()).needs_tls);
}

}  // namespace
}  // namespace outrigger::route
