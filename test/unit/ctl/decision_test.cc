#include "tools/ctl/decision.h"

#include "test/unit/ctl/support.h"
#include "tools/ctl/fractions.h"

namespace outrigger::ctl {
namespace {

// The decision on a request, with what it borrows.
struct Decided {
  Decided(std::unique_ptr<LoadedRoutes> loaded, const TestInput& input)
      : routes(std::move(loaded)),
        request(input),
        fractions(*routes, input.runtime),
        decision(decide(*routes, request, fractions)) {}

  std::string cluster() const { return std::string(decision.matched.cluster.name); }
  std::string header(std::string_view name) { return std::string(request.headers().get(name)); }
  std::string response(std::string_view name) { return std::string(request.response().get(name)); }

  std::unique_ptr<LoadedRoutes> routes;
  Request request;
  TestFractions fractions;
  Decision decision;
};

TEST(CtlDecision, RewritesAsTheRouterDoes) {
  Decided d(routes_of("[{match: {prefix: /a}, route: {cluster: c, prefix_rewrite: /b, "
                      "host_rewrite_literal: new}}]"),
            get("/a/x?q=1"));
  EXPECT_TRUE(d.decision.has_entry());
  EXPECT_FALSE(d.decision.answers());
  EXPECT_EQ(d.cluster(), "c");
  EXPECT_EQ(d.header(":path"), "/a/x?q=1");
  apply(*d.routes, d.decision, d.request);
  EXPECT_EQ(d.header(":path"), "/b/x?q=1");
  EXPECT_EQ(d.header(":authority"), "new");
  EXPECT_EQ(d.header("x-envoy-original-path"), "/a/x?q=1");
}

TEST(CtlDecision, ARedirectIsAnAnswer) {
  Decided d(routes_of("[{match: {prefix: /}, redirect: {https_redirect: true, prefix_rewrite: /n/, "
                      "response_code: FOUND}}]"),
            get("/x"));
  EXPECT_TRUE(d.decision.answers());
  EXPECT_FALSE(d.decision.has_entry());
  EXPECT_EQ(d.decision.code, 302);
  EXPECT_EQ(d.decision.redirect, "https://host/n/x");
  apply(*d.routes, d.decision, d.request);
  EXPECT_EQ(d.response(":status"), "302");
  EXPECT_EQ(d.header(":path"), "/n/x");
}

TEST(CtlDecision, ADirectResponseHasAHead) {
  Decided d(routes_of("[{match: {prefix: /}, direct_response: {status: 418, body: {inline_string: "
                      "tea}}}]"),
            get("/x"));
  apply(*d.routes, d.decision, d.request);
  EXPECT_EQ(d.decision.redirect, "http://host/x");
  EXPECT_EQ(d.response(":status"), "418");
  EXPECT_EQ(d.response("content-length"), "3");
  EXPECT_EQ(d.response("content-type"), "text/plain");
}

TEST(CtlDecision, WithoutARouteNothingApplies) {
  Decided d(routes_of("[{match: {path: /only}, route: {cluster: c}}]"), get("/x"));
  EXPECT_FALSE(d.decision.has_entry());
  EXPECT_FALSE(d.decision.answers());
  apply(*d.routes, d.decision, d.request);
  EXPECT_EQ(d.cluster(), "");
}

TEST(CtlDecision, AFilterAnswersForANonForwardingAction) {
  Decided d(routes_of("[{match: {prefix: /}, non_forwarding_action: {}}]"), get("/"));
  EXPECT_TRUE(d.decision.has_entry());
  EXPECT_EQ(d.decision.forward(), nullptr);
}

// 5 of 100 and 5 of 10,000 choose differently, though a million is the proxy's measure.
TEST(CtlFractions, CountByTheirOwnDenominator) {
  auto routes = routes_of(
      "[{match: {prefix: /h, runtime_fraction: {default_value: {numerator: 5}, runtime_key: k}}, "
      "route: {cluster: hundred}}, {match: {prefix: /t, runtime_fraction: {default_value: "
      "{numerator: 5, denominator: TEN_THOUSAND}, runtime_key: k}}, route: {cluster: thousands}}]");
  const auto& list = routes->table().hosts[0].routes;
  TestFractions under_key(*routes, "k");
  EXPECT_TRUE(under_key.chosen(*list[0].match.fraction, 104));
  EXPECT_FALSE(under_key.chosen(*list[0].match.fraction, 105));
  EXPECT_FALSE(under_key.chosen(*list[1].match.fraction, 104));
  EXPECT_TRUE(under_key.chosen(*list[1].match.fraction, 10'004));
  TestFractions without(*routes, "");
  EXPECT_FALSE(without.chosen(*list[0].match.fraction, 0));
  ConfiguredFractions configured(*routes);
  EXPECT_TRUE(configured.chosen(*list[0].match.fraction, 4));
}

TEST(CtlFractions, OnlyForTestsNothingBecomesOne) {
  std::string text =
      "[{match: {prefix: /, runtime_fraction: {default_value: {numerator: 0}, runtime_key: k}}, "
      "route: {cluster: c}}]";
  auto raised = routes_of(text, true);
  EXPECT_TRUE(
      TestFractions(*raised, "k").chosen(*raised->table().hosts[0].routes[0].match.fraction, 0));
  auto plain = routes_of(text, false);
  EXPECT_FALSE(
      ConfiguredFractions(*plain).chosen(*plain->table().hosts[0].routes[0].match.fraction, 0));
}

}  // namespace
}  // namespace outrigger::ctl
