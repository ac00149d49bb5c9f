#include "api/config/match_tree.h"

#include <map>

#include <gtest/gtest.h>

#include "proxy/route/match.h"
#include "proxy/route/match_source.h"
#include "test/unit/route/request.h"

namespace outrigger::config {
namespace {

using Kind = MatchInput::Kind;
constexpr uint32_t kNoAction = OnMatch::kNoAction;

OnMatch then(uint32_t action) {
  OnMatch out;
  out.action = action;
  return out;
}

OnMatch then(MatchTree tree) {
  OnMatch out;
  out.tree = std::make_shared<const MatchTree>(std::move(tree));
  return out;
}

MatchPredicate header_is(std::string name, std::string text) {
  MatchPredicate out;
  out.input = {Kind::request_header, std::move(name)};
  out.text.text = std::move(text);
  return out;
}

MatchPredicate of(MatchPredicate::Kind kind, std::vector<MatchPredicate> children) {
  MatchPredicate out;
  out.kind = kind;
  out.children = std::move(children);
  return out;
}

MatchTree map_of(MatchTree::Kind kind, MatchInput input, std::map<std::string, OnMatch> entries) {
  MatchTree out;
  out.kind = kind;
  out.input = std::move(input);
  for (auto& [text, on_match] : entries) {
    out.texts[text] = on_match;
    out.lengths.push_back(text.size());
  }
  std::sort(out.lengths.rbegin(), out.lengths.rend());
  out.lengths.erase(std::unique(out.lengths.begin(), out.lengths.end()), out.lengths.end());
  return out;
}

uint32_t find(const MatchTree& tree, route::TestMessage::Fields fields,
              const StreamInfo* info = nullptr) {
  route::TestMessage request(fields);
  return tree.find(route::RequestSource(request.headers, info, nullptr));
}

TEST(MatchTree, TheFirstPredicateThatHoldsCounts) {
  MatchTree tree;
  tree.conditions = {{header_is("x", "1"), then(1)}, {header_is("y", "1"), then(2)}};
  EXPECT_EQ(find(tree, {{"x", "1"}, {"y", "1"}}), 1u);
  EXPECT_EQ(find(tree, {{"y", "1"}}), 2u);
  EXPECT_EQ(find(tree, {}), kNoAction);
  tree.otherwise = then(3);
  EXPECT_EQ(find(tree, {}), 3u);
}

TEST(MatchTree, AnInnerTreeThatFindsNothingGoesOn) {
  MatchTree inner;
  inner.conditions = {{header_is("inner", "1"), then(1)}};
  MatchTree tree;
  tree.conditions = {{header_is("x", "1"), then(inner)}, {header_is("x", "1"), then(2)}};
  EXPECT_EQ(find(tree, {{"x", "1"}, {"inner", "1"}}), 1u);
  EXPECT_EQ(find(tree, {{"x", "1"}}), 2u);
  inner.otherwise = then(4);
  tree.conditions[0].then = then(inner);
  EXPECT_EQ(find(tree, {{"x", "1"}}), 4u);
}

TEST(MatchTree, KeepMatchingPassesOver) {
  MatchTree tree;
  tree.conditions = {{header_is("x", "1"), then(1)}, {header_is("x", "1"), then(2)}};
  tree.conditions[0].then.keep_matching = true;
  EXPECT_EQ(find(tree, {{"x", "1"}}), 2u);
}

TEST(MatchTree, PredicatesCombine) {
  using P = MatchPredicate::Kind;
  MatchTree tree;
  tree.conditions = {
      {of(P::all, {header_is("a", "1"), of(P::none, {header_is("b", "1")})}), then(1)},
      {of(P::any, {header_is("c", "1"), header_is("d", "1")}), then(2)}};
  EXPECT_EQ(find(tree, {{"a", "1"}}), 1u);
  EXPECT_EQ(find(tree, {{"a", "1"}, {"b", "1"}}), kNoAction);
  EXPECT_EQ(find(tree, {{"a", "1"}, {"b", "1"}, {"d", "1"}}), 2u);
}

TEST(MatchTree, FieldsOfOneNameAreOneValue) {
  MatchTree tree = map_of(MatchTree::Kind::exact, {Kind::request_header, "x"}, {{"1,2", then(1)}});
  EXPECT_EQ(find(tree, {{"x", "1"}, {"y", "0"}, {"x", "2"}}), 1u);
  EXPECT_EQ(find(tree, {{"x", "1"}}), kNoAction);
}

TEST(MatchTree, TheLongestPrefixComesFirst) {
  MatchTree nothing;
  MatchTree tree = map_of(MatchTree::Kind::prefix, {Kind::request_header, ":path"},
                          {{"/", then(1)}, {"/a/b", then(2)}, {"/a/b/c", then(nothing)}});
  EXPECT_EQ(find(tree, {{":path", "/x"}}), 1u);
  EXPECT_EQ(find(tree, {{":path", "/a/b"}}), 2u);
  EXPECT_EQ(find(tree, {{":path", "/a/b/c/d"}}), 2u);  // what is under the longest finds nothing
  EXPECT_EQ(find(tree, {}), kNoAction);
}

TEST(MatchTree, QueryParametersAreDecoded) {
  MatchTree tree =
      map_of(MatchTree::Kind::exact, {Kind::query_parameter, "q r"}, {{"a b%", then(1)}});
  EXPECT_EQ(find(tree, {{":path", "/?x=1&q%20r=a%20b%25"}}), 1u);
  EXPECT_EQ(find(tree, {{":path", "/?q%20r=a%20b%"}}), 1u);  // no escape: as it is
  EXPECT_EQ(find(tree, {{":path", "/"}}), kNoAction);
}

struct Client {
  explicit Client(const char* ip) {
    connection.remote = *net::Address::from_ip(ip, 5000);
    connection.local = *net::Address::from_ip("10.9.9.9", 8080);
    connection.direct_remote = connection.remote;
    connection.requested_server_name = "a.example";
    info.connection = &connection;
    info.downstream_remote = connection.remote;
  }
  DownstreamConnectionInfo connection;
  StreamInfo info;
};

uint32_t find_for(const MatchTree& tree, const char* ip) {
  Client client(ip);
  return find(tree, {}, &client.info);
}

MatchTree ranges() {
  MatchTree tree;
  tree.kind = MatchTree::Kind::ranges;
  tree.input = {Kind::source_ip, ""};
  MatchTree nothing;
  tree.ranges.add({*net::Cidr::from_ip("0.0.0.0", 0), false, then(1)});
  tree.ranges.add({*net::Cidr::from_ip("10.0.0.0", 8), true, then(2)});
  tree.ranges.add({*net::Cidr::from_ip("10.1.0.0", 16), false, then(nothing)});
  tree.ranges.add({*net::Cidr::from_ip("10.1.0.0", 16), false, then(3)});
  tree.ranges.add({*net::Cidr::from_ip("10.1.1.0", 24), false, then(nothing)});
  tree.ranges.add({*net::Cidr::from_ip("::", 0), false, then(6)});
  tree.otherwise = then(9);
  return tree;
}

TEST(MatchTree, TheSmallestRangeComesFirst) {
  MatchTree tree = ranges();
  auto at = [&tree](const char* ip) { return find_for(tree, ip); };
  EXPECT_EQ(at("192.0.2.1"), 1u);
  EXPECT_EQ(at("10.2.0.1"), 2u);
  EXPECT_EQ(at("10.1.2.1"), 3u);  // of two equal ranges the one that finds something
  EXPECT_EQ(at("::1"), 6u);
}

TEST(MatchTree, AnExclusiveRangeCountsOnlyAsTheSmallest) {
  MatchTree tree = ranges();
  tree.ranges.add({*net::Cidr::from_ip("10.3.0.0", 16), false, then(MatchTree())});
  EXPECT_EQ(find_for(tree, "10.3.0.1"), 1u);
}

TEST(MatchTree, WithoutAnAddressThereIsNoRange) {
  EXPECT_EQ(find(ranges(), {}), 9u);
  MatchTree by_header = ranges();
  by_header.input = {Kind::request_header, "x-ip"};
  EXPECT_EQ(find(by_header, {{"x-ip", "10.2.3.4"}}), 2u);
  EXPECT_EQ(find(by_header, {{"x-ip", "10.2.3.4.5"}}), 9u);
}

TEST(MatchTree, ReadsTheConnection) {
  Client client("127.0.0.1");
  auto value = [&client](Kind kind) {
    std::string scratch;
    auto found = connection_value({kind, ""}, client.connection, client.connection.remote, scratch);
    return found ? std::string(*found) : "(none)";
  };
  EXPECT_EQ(value(Kind::destination_ip), "10.9.9.9");
  EXPECT_EQ(value(Kind::destination_port), "8080");
  EXPECT_EQ(value(Kind::source_ip), "127.0.0.1");
  EXPECT_EQ(value(Kind::source_port), "5000");
  EXPECT_EQ(value(Kind::source_type), "local");
  EXPECT_EQ(value(Kind::server_name), "a.example");
  EXPECT_EQ(value(Kind::application_protocol), "(none)");
  client.connection.make_extras().application_protocols = {"h2", "http/1.1"};
  EXPECT_EQ(value(Kind::application_protocol), "'h2','http/1.1'");
  EXPECT_EQ(value(Kind::subject), "(none)");
  client.connection.remote = *net::Address::from_ip("10.0.0.1", 1);
  EXPECT_EQ(value(Kind::source_type), "(none)");
}

TEST(MatchTree, AFractionOfHashesIsAlwaysTheSame) {
  MatchPredicate half;
  half.kind = MatchPredicate::Kind::fraction;
  half.input = {Kind::request_header, "x-user"};
  half.fraction.per_million = 500'000;
  int chosen = 0;
  for (int user = 0; user < 200; ++user) {
    route::TestMessage request{{"x-user", std::to_string(user)}};
    route::RequestSource source(request.headers, nullptr, nullptr);
    bool first = half.matches(source);
    EXPECT_EQ(half.matches(source), first);
    chosen += first;
  }
  EXPECT_GT(chosen, 60);
  EXPECT_LT(chosen, 140);
}

TEST(RouteTree, ItsListsAreTriedInTheirOrder) {
  RouteTable table;
  table.hosts.resize(1);
  table.default_host = 0;
  VirtualHost& host = table.hosts[0];
  for (const char* path : {"/a", "/", "/b"}) host.routes.push_back(route::prefix_route(path, path));
  auto tree = std::make_shared<RouteTree>();
  tree->tree = map_of(MatchTree::Kind::exact, {Kind::request_header, "x"},
                      {{"two", then(0)}, {"one", then(1)}});
  tree->lists = {{0, 2, nullptr}, {2, 1, nullptr}};
  host.tree = tree;
  auto name = [&table](route::TestMessage::Fields fields) -> std::string {
    route::TestMessage request(fields);
    const Route* found = route::match(table, request.input()).route;
    return found == nullptr ? "" : found->name;
  };
  EXPECT_EQ(name({{":path", "/a"}, {"x", "two"}}), "/a");
  EXPECT_EQ(name({{":path", "/b"}, {"x", "two"}}), "/");
  EXPECT_EQ(name({{":path", "/b"}, {"x", "one"}}), "/b");
  EXPECT_EQ(name({{":path", "/a"}, {"x", "one"}}), "");
  EXPECT_EQ(name({{":path", "/a"}}), "");
}

}  // namespace
}  // namespace outrigger::config
