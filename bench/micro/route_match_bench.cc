// What one route match costs, by the size of the table. The last route or host of a table is the
// one asked for, so that a search that goes through all of them shows.
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "proxy/route/match.h"
#include "xds/regex.h"

namespace outrigger::route {
namespace {

using Kind = config::PathMatch::Kind;

config::Route route_for(Kind kind, std::string path) {
  config::Route route;
  route.match.path.kind = kind;
  route.match.path.text = std::move(path);
  config::ForwardAction action;
  action.cluster.name = "cluster";
  route.action = std::move(action);
  return route;
}

std::string path_of(size_t number) {
  return "/service-" + std::to_string(number % 97) + "/v1/resource-" + std::to_string(number);
}

// One host with so many routes of one kind and a catch-all.
config::RouteTable many_routes(Kind kind, size_t count, bool indexed) {
  config::RouteTable table;
  table.hosts.resize(1);
  table.default_host = 0;
  auto& routes = table.hosts[0].routes;
  for (size_t i = 0; i < count; ++i) routes.push_back(route_for(kind, path_of(i)));
  routes.push_back(route_for(Kind::prefix, "/"));
  if (indexed && routes.size() >= config::RouteIndex::kMinRoutes) {
    table.hosts[0].index = std::make_shared<const config::RouteIndex>(routes);
  }
  return table;
}

// So many regular expressions and a catch-all; `together`: asked as a set.
config::RouteTable many_regexes(size_t count, bool together) {
  config::RouteTable table;
  table.hosts.resize(1);
  table.default_host = 0;
  auto& routes = table.hosts[0].routes;
  for (size_t i = 0; i < count; ++i) {
    routes.push_back(route_for(Kind::regex, ""));
    routes.back().match.path.regex = *xds::compile_regex(path_of(i) + "/[^/]+/items/[0-9]+");
  }
  routes.push_back(route_for(Kind::prefix, "/"));
  if (together)
    table.hosts[0].index = std::make_shared<const config::RouteIndex>(routes, xds::make_regex_set);
  return table;
}

config::RouteTable many_hosts(size_t count, size_t routes_each = 1) {
  config::RouteTable table;
  table.hosts.resize(count);
  for (size_t i = 0; i < count; ++i) {
    auto& routes = table.hosts[i].routes;
    for (size_t j = 1; j < routes_each; ++j) routes.push_back(route_for(Kind::prefix, path_of(j)));
    routes.push_back(route_for(Kind::prefix, "/"));
    if (routes.size() >= config::RouteIndex::kMinRoutes)
      table.hosts[i].index = std::make_shared<const config::RouteIndex>(routes);
    std::string name = "service-" + std::to_string(i) + ".namespace.svc.cluster.local";
    table.exact_domains[name] = static_cast<uint32_t>(i);
    table.exact_domains[name + ":8080"] = static_cast<uint32_t>(i);
  }
  return table;
}

void ask(benchmark::State& state, const config::RouteTable& table, const std::string& authority,
         const std::string& path) {
  ChunkPool pool;
  Arena arena(pool);
  http::HeaderMap headers(arena);
  headers.add_copy(":method", "GET");
  headers.add_copy(":authority", authority);
  headers.add_copy(":path", path);
  headers.add_copy("x-forwarded-proto", "http");
  for (auto _ : state) {
    RouteMatchResult result = match(table, {headers, arena, 0, nullptr});
    benchmark::DoNotOptimize(result);
    if (result.route == nullptr) state.SkipWithError("no route");
  }
}

void BM_Prefixes(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_routes(Kind::prefix, count, true);
  ask(state, table, "host", path_of(count - 1) + "/item?query=1");
}

void BM_Paths(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_routes(Kind::path, count, true);
  ask(state, table, "host", path_of(count - 1) + "?query=1");
}

// What the index saves.
void BM_PrefixesOneByOne(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_routes(Kind::prefix, count, false);
  ask(state, table, "host", path_of(count - 1) + "/item?query=1");
}

void BM_Hosts(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_hosts(count);
  ask(state, table, "service-" + std::to_string(count - 1) + ".namespace.svc.cluster.local:8080",
      "/item?query=1");
}

// 10,000 hosts x 10 routes is what a large mesh has.
void BM_HostsOfTenRoutes(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_hosts(count, 10);
  ask(state, table, "service-" + std::to_string(count - 1) + ".namespace.svc.cluster.local:8080",
      path_of(9) + "/item?query=1");
}

void BM_Regexes(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_regexes(count, true);
  ask(state, table, "host", path_of(count - 1) + "/x/items/7?query=1");
}

// What asking them together saves.
void BM_RegexesOneByOne(benchmark::State& state) {
  auto count = static_cast<size_t>(state.range(0));
  config::RouteTable table = many_regexes(count, false);
  ask(state, table, "host", path_of(count - 1) + "/x/items/7?query=1");
}

BENCHMARK(BM_HostsOfTenRoutes)->Arg(10)->Arg(1'000)->Arg(10'000);
BENCHMARK(BM_Regexes)->Arg(2)->Arg(4)->Arg(8)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK(BM_RegexesOneByOne)->Arg(2)->Arg(4)->Arg(8)->Arg(10)->Arg(100)->Arg(1'000);
BENCHMARK(BM_Prefixes)->Arg(1)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(BM_Paths)->Arg(10)->Arg(1'000)->Arg(100'000);
BENCHMARK(BM_PrefixesOneByOne)->Arg(4)->Arg(10)->Arg(1'000);
BENCHMARK(BM_Hosts)->Arg(10)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace outrigger::route
