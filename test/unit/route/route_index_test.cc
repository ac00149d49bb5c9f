#include "api/config/route_index.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/unit/route/request.h"

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
  EXPECT_EQ(candidates(index, "/b"), (std::vector<uint32_t>{2, 3, 5}));
  EXPECT_EQ(candidates(index, "x"), (std::vector<uint32_t>{3}));
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

// The index may only make matching faster, never different.
TEST(RouteIndex, FindsTheSameRouteAsTryingAllOfThem) {
  std::mt19937 random(20240229);
  constexpr Kind kKinds[] = {Kind::prefix, Kind::path, Kind::path_separated_prefix};
  for (int round = 0; round < 200; ++round) {
    config::RouteTable table;
    table.hosts.resize(1);
    table.default_host = 0;
    for (int i = 0; i < 40; ++i) {
      table.hosts[0].routes.push_back(
          route_of(kKinds[random() % 3], random_path(random), random() % 8 != 0));
    }
    auto index = std::make_shared<const config::RouteIndex>(table.hosts[0].routes);
    for (int i = 0; i < 40; ++i) {
      std::string path = random_path(random);
      TestMessage request{{":authority", "x"}, {":path", path}};
      table.hosts[0].index = nullptr;
      const config::Route* expected = match(table, request.input()).route;
      table.hosts[0].index = index;
      EXPECT_EQ(match(table, request.input()).route, expected) << path;
    }
  }
}

}  // namespace
}  // namespace outrigger::route
