#include "tools/ctl/coverage.h"

#include "test/unit/ctl/support.h"
#include "tools/ctl/fractions.h"

namespace outrigger::ctl {
namespace {

void look_at(const LoadedRoutes& routes, const TestInput& input, Coverage& coverage,
             Coverage::Field field) {
  Request request(input);
  coverage.mark(decide(routes, request, TestFractions(routes, "")), field);
}

TEST(CtlCoverage, CountsEachWeightedClusterAndEachField) {
  auto routes = routes_of(
      "[{match: {path: /a}, name: a, route: {cluster: a}}, {match: {path: /w}, route: "
      "{weighted_clusters: {clusters: [{name: one, weight: 1}, {name: two, weight: 1}]}}}, "
      "{match: {path: /r}, redirect: {host_redirect: h}}]");
  Coverage coverage(*routes);
  EXPECT_EQ(coverage.of_routes(), 0);
  EXPECT_EQ(coverage.missing().size(), 3u);
  look_at(*routes, get("/w"), coverage, Coverage::cluster);
  look_at(*routes, get("/w"), coverage, Coverage::virtual_host);
  EXPECT_EQ(coverage.of_routes(), 25);
  EXPECT_EQ(coverage.of_fields(), 10);
  TestInput second = get("/w");
  second.random = 1;
  look_at(*routes, second, coverage, Coverage::cluster);
  EXPECT_EQ(coverage.of_routes(), 50);
  look_at(*routes, get("/r"), coverage, Coverage::redirect_code);
  EXPECT_EQ(coverage.of_routes(), 75);
  ASSERT_EQ(coverage.missing().size(), 1u);
  EXPECT_EQ(coverage.missing()[0].host, "h");
  EXPECT_EQ(coverage.missing()[0].match, "path: \"/a\"\n");
  EXPECT_EQ(coverage.missing()[0].name, "a-virtual_hosts[0].routes[0]");
}

TEST(CtlCoverage, ARequestWithoutARouteCoversNothing) {
  auto routes = routes_of("[{match: {path: /a}, route: {cluster: a}}]");
  Coverage coverage(*routes);
  look_at(*routes, get("/b"), coverage, Coverage::cluster);
  EXPECT_EQ(coverage.of_routes(), 0);
}

}  // namespace
}  // namespace outrigger::ctl
