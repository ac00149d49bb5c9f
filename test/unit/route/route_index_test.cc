#include "api/config/route_index.h"

#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/unit/route/request.h"
#include "xds/regex.h"

namespace outrigger::route {
namespace {

using Kind = config::PathMatch::Kind;

config::Route route_of(Kind kind, std::string text, bool case_sensitive = true) {
  config::Route route = prefix_route("", "cluster");
  route.match.path = path_match(kind, std::move(text), case_sensitive);
  return route;
}

std::vector<uint32_t> candidates(const config::RouteIndex& index, std::string_view path) {
  std::vector<uint32_t> out;
  index.visit(path, [&out](uint32_t position) {
    out.push_back(position);
    return false;
  });
  return out;
}

TEST(RouteIndex, OffersWhatMayMatchInOrder) {
  std::vector<config::Route> routes;
  routes.push_back(route_of(Kind::prefix, "/a"));
  routes.push_back(route_of(Kind::path, "/a/b"));
  routes.push_back(route_of(Kind::prefix, "/b"));
  routes.push_back(route_of(Kind::prefix, "/A", false));
  routes.push_back(route_of(Kind::path_separated_prefix, "/a/b"));
  routes.push_back(route_of(Kind::prefix, "/"));
  config::RouteIndex index(routes);
  EXPECT_EQ(candidates(index, "/a/b"), (std::vector<uint32_t>{0, 1, 3, 4, 5}));
  EXPECT_EQ(candidates(index, "/b"), (std::vector<uint32_t>{2, 5}));
  EXPECT_EQ(candidates(index, "/Ab"), (std::vector<uint32_t>{3, 5}));
  EXPECT_TRUE(candidates(index, "x").empty());
}

TEST(RouteIndex, StopsWhenTheVisitorHasItsRoute) {
  std::vector<config::Route> routes;
  for (int i = 0; i < 3; ++i) routes.push_back(route_of(Kind::prefix, "/"));
  int visits = 0;
  config::RouteIndex(routes).visit("/", [&visits](uint32_t position) {
    ++visits;
    return position == 1;
  });
  EXPECT_EQ(visits, 2);
}

std::string random_path(std::mt19937& random) {
  std::string path;
  size_t length = random() % 7;
  for (size_t i = 0; i < length; ++i) path += "/abA"[random() % 4];
  return path;
}

std::string random_pattern(std::mt19937& random) {
  std::string pattern;
  size_t length = 1 + random() % 4;
  for (size_t i = 0; i < length; ++i) {
    pattern += "/abA."[random() % 5];
    pattern += std::string_view("  ?*+")[random() % 5];
  }
  std::erase(pattern, ' ');
  return pattern;
}

config::Route random_route(std::mt19937& random) {
  constexpr Kind kKinds[] = {Kind::prefix, Kind::path, Kind::path_separated_prefix, Kind::regex,
                             Kind::path_template};
  Kind kind = kKinds[random() % 5];
  config::Route route = route_of(kind, random_path(random), random() % 4 != 0);
  if (kind == Kind::regex || kind == Kind::path_template)
    route.match.path.regex = *xds::compile_regex(random_pattern(random));
  if (random() % 4 == 0) {
    config::HeaderMatch header;
    header.name = "x-rare";
    header.expect_present = random() % 2 == 0;
    route.match.headers.push_back(header);
  }
  return route;
}

// The index may only make matching faster, never different.
TEST(RouteIndex, FindsTheSameRouteAsTryingAllOfThem) {
  std::mt19937 random(20240229);
  for (int round = 0; round < 300; ++round) {
    config::RouteTable table;
    table.hosts.resize(1);
    table.default_host = 0;
    table.ignore_path_parameters = round % 2 == 0;
    for (int i = 0; i < 40; ++i) table.hosts[0].routes.push_back(random_route(random));
    auto index = std::make_shared<const config::RouteIndex>(
        table.hosts[0].routes,
        round % 3 == 0 ? config::RouteIndex::MakeRegexSet() : xds::make_regex_set);
    for (int i = 0; i < 40; ++i) {
      std::string path = random_path(random);
      if (random() % 4 == 0) path += ";a";
      if (random() % 4 == 0) path += "?/a";
      TestMessage request{{":authority", "x"}, {":path", path}};
      if (random() % 2 == 0) request.headers.add_copy("x-rare", "1");
      table.hosts[0].index = nullptr;
      const config::Route* expected = match(table, request.input()).route;
      table.hosts[0].index = index;
      EXPECT_EQ(match(table, request.input()).route, expected) << path;
    }
  }
}

TEST(RouteIndex, AsksRegularExpressionsTogether) {
  std::vector<config::Route> routes;
  for (int i = 0; i < 100; ++i) {
    routes.push_back(route_of(Kind::regex, ""));
    routes.back().match.path.regex = *xds::compile_regex("/service-" + std::to_string(i) + "/.*");
  }
  routes.push_back(route_of(Kind::prefix, "/"));
  config::RouteIndex index(routes, xds::make_regex_set);
  EXPECT_EQ(candidates(index, "/service-77/x"), (std::vector<uint32_t>{77, 100}));
  EXPECT_EQ(candidates(index, "/other"), (std::vector<uint32_t>{100}));
}

// A set that cannot answer leaves every route of it to be asked.
struct Overwhelmed final : config::RegexSet {
  std::optional<std::span<const int>> match(std::string_view) const override {
    return std::nullopt;
  }
};

TEST(RouteIndex, AsksEachRegularExpressionWhereTheSetCannot) {
  std::vector<config::Route> routes;
  for (int i = 0; i < 5; ++i) {
    routes.push_back(route_of(Kind::regex, ""));
    routes.back().match.path.regex = text_regex("/x");
  }
  config::RouteIndex index(routes, [](const std::vector<std::string_view>&) {
    return std::make_shared<const Overwhelmed>();
  });
  EXPECT_EQ(candidates(index, "/x"), (std::vector<uint32_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace outrigger::route
