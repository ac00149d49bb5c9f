// Routes that match on what is known of the request's stream, and the cluster that comes with them.
#include <memory>

#include <gtest/gtest.h>

#include "api/config/stream_conditions.h"
#include "proxy/route/match.h"
#include "test/unit/route/request.h"

namespace outrigger::route {
namespace {

using config::StreamConditions;

config::StringMatcher exactly(std::string text) {
  config::StringMatcher out;
  out.text = std::move(text);
  return out;
}

class Certificate final : public TlsConnection {
 public:
  Certificate(bool presented, bool validated) : presented_(presented), validated_(validated) {}
  std::string_view version() const override { return "TLSv1.3"; }
  std::string_view cipher() const override { return {}; }
  std::string_view alpn() const override { return {}; }
  std::string_view server_name() const override { return {}; }
  std::string_view session_id() const override { return {}; }
  bool session_reused() const override { return false; }
  bool peer_certificate_presented() const override { return presented_; }
  bool peer_certificate_validated() const override { return validated_; }
  const CertificateInfo* peer() const override { return nullptr; }
  const CertificateInfo* local() const override { return nullptr; }

 private:
  bool presented_, validated_;
};

struct Known {
  Known() { info.connection = &connection; }
  bool meets(const StreamConditions& conditions) {
    config::RouteMatch match;
    match.path.text = "/";
    match.stream = std::make_shared<const StreamConditions>(conditions);
    RouteInput input = request.input();
    input.info = &info;
    return matches(match, input);
  }
  TestMessage request{{":path", "/"}};
  DownstreamConnectionInfo connection;
  StreamInfo info;
};

TEST(StreamConditions, ACertificateMustBeThereOrNot) {
  Known plain;
  StreamConditions presented, absent, valid;
  presented.certificate_presented = true;
  absent.certificate_presented = false;
  valid.certificate_validated = true;
  EXPECT_FALSE(plain.meets(presented));
  EXPECT_TRUE(plain.meets(absent));
  EXPECT_FALSE(plain.meets(valid));

  Certificate unchecked(true, false);
  plain.connection.tls = &unchecked;
  EXPECT_TRUE(plain.meets(presented));
  EXPECT_FALSE(plain.meets(absent));
  EXPECT_FALSE(plain.meets(valid));

  Certificate checked(true, true);
  plain.connection.tls = &checked;
  EXPECT_TRUE(plain.meets(valid));
}

TEST(StreamConditions, AllMetadataMustMatch) {
  Known known;
  config::MetadataMatcher tier;
  tier.filter = "f";
  tier.path = {"tier"};
  tier.value.kind = config::ValueMatcher::Kind::string;
  tier.value.string_match = exactly("gold");
  StreamConditions conditions;
  conditions.metadata = {tier};
  EXPECT_FALSE(known.meets(conditions));
  known.info.make_extras(known.request.arena).metadata.of("f")["tier"] =
      MetadataValue(std::string("gold"));
  EXPECT_TRUE(known.meets(conditions));
  conditions.metadata.push_back(tier);
  conditions.metadata.back().invert = true;
  EXPECT_FALSE(known.meets(conditions));
}

TEST(StreamConditions, FilterStateIsTextOrAnAddress) {
  Known known;
  StreamConditions text, address;
  text.filter_state = {{"k", exactly("v"), {}}};
  address.filter_state = {{"a", std::nullopt, {*net::Cidr::from_ip("10.0.0.0", 8)}}};
  EXPECT_FALSE(known.meets(text));
  EXPECT_FALSE(known.meets(address));
  known.connection.make_extras().filter_state.set("k", "v");
  EXPECT_TRUE(known.meets(text));  // the connection's, where the stream has none
  known.info.make_extras(known.request.arena).filter_state.set("k", "other");
  EXPECT_FALSE(known.meets(text));
  FilterState& state = known.info.extras->filter_state;
  state.set("a", "10.1.2.3:80");
  EXPECT_TRUE(known.meets(address));
  state.set("a", "10.1.2.3");
  EXPECT_TRUE(known.meets(address));
  state.set("a", "[::1]:80");
  EXPECT_FALSE(known.meets(address));
  state.set("a", "no address");
  EXPECT_FALSE(known.meets(address));
}

TEST(StreamConditions, AreNotMetWhereNothingIsKnown) {
  TestMessage request{{":path", "/"}};
  config::RouteMatch match;
  match.path.text = "/";
  match.stream = std::make_shared<const StreamConditions>();
  EXPECT_FALSE(matches(match, request.input()));
}

TEST(MatchedCluster, IsChosenWithTheRoute) {
  config::RouteTable table;
  table.hosts.resize(1);
  table.default_host = 0;
  table.hosts[0].routes.push_back(prefix_route("/", "c"));
  auto& action = std::get<config::ForwardAction>(table.hosts[0].routes[0].action);
  action.cluster_header = "x-cluster";
  TestMessage request{{":path", "/"}, {"x-cluster", "one"}};
  RouteMatchResult result = match(table, request.input());
  request.headers.set("x-cluster", "two");
  EXPECT_EQ(result.cluster.name, "one");
}

struct Runtime final : FractionSource {
  bool chosen(const config::RuntimeFraction&, uint64_t) const override { return true; }
  uint64_t number(std::string_view key, uint64_t fallback) const override {
    if (key == "w.a") return a;
    return fallback;
  }
  uint64_t a = 0;
};

config::ForwardAction halves() {
  config::ForwardAction action;
  for (const char* name : {"a", "b"}) {
    config::WeightedCluster cluster;
    cluster.cluster.name = name;
    cluster.weight = 50;
    cluster.runtime_key = std::string("w.") + name;
    action.weighted.push_back(cluster);
  }
  action.total_weight = 100;
  return action;
}

TEST(WeightsInRuntime, TakeThePlaceOfTheConfigured) {
  config::ForwardAction action = halves();
  TestMessage request{};
  Runtime runtime;
  RouteInput input = request.input(10);
  input.fractions = &runtime;
  EXPECT_EQ(choose_cluster(action, input).name, "a");
  action.weights_in_runtime = true;
  EXPECT_EQ(choose_cluster(action, input).name, "b");
  runtime.a = 11;
  EXPECT_EQ(choose_cluster(action, input).name, "a");
}

TEST(WeightsInRuntime, ThatAreAllZeroChooseNothing) {
  config::ForwardAction action = halves();
  action.weighted.pop_back();
  action.weights_in_runtime = true;
  TestMessage request{};
  Runtime runtime;
  RouteInput input = request.input(10);
  input.fractions = &runtime;
  EXPECT_EQ(choose_cluster(action, input).name, "");
}

TEST(WeightByHash, TheSameRequestGoesToTheSameCluster) {
  config::ForwardAction action = halves();
  action.weight_by_hash = true;
  config::HashPolicy policy;
  policy.name = "x-user";
  action.hash_policies = {policy};
  int at_b = 0;
  for (int user = 0; user < 100; ++user) {
    TestMessage request{{"x-user", std::to_string(user)}};
    DownstreamConnectionInfo connection;
    StreamInfo info;
    info.connection = &connection;
    RouteInput input = request.input(0);
    input.info = &info;
    std::string first(choose_cluster(action, input).name);
    input.random = 99;
    EXPECT_EQ(choose_cluster(action, input).name, first);
    at_b += first == "b";
  }
  EXPECT_GT(at_b, 25);
  EXPECT_LT(at_b, 75);
}

TEST(WeightByHash, WithoutAHashIsRandom) {
  config::ForwardAction action = halves();
  action.weight_by_hash = true;
  TestMessage request{};
  DownstreamConnectionInfo connection;
  StreamInfo info;
  info.connection = &connection;
  RouteInput input = request.input(99);
  input.info = &info;
  EXPECT_EQ(choose_cluster(action, input).name, "b");
}

TEST(VhostHeader, HasTheHost) {
  config::RouteTable table;
  table.hosts.resize(2);
  for (auto& host : table.hosts) host.routes.push_back(prefix_route("/", "c"));
  table.exact_domains["a.example"] = 0;
  table.default_host = 1;
  table.vhost_header = "x-host";
  auto found = [&table](TestMessage::Fields fields) {
    TestMessage request(fields);
    return match(table, request.input()).host;
  };
  EXPECT_EQ(found({{":path", "/"}, {":authority", "b"}, {"x-host", "A.example"}}), &table.hosts[0]);
  EXPECT_EQ(found({{":path", "/"}, {":authority", "a.example"}, {"x-host", ""}}), &table.hosts[1]);
  EXPECT_EQ(found({{":path", "/"}, {":authority", "a.example"}}), nullptr);
  table.exact_domains.clear();
  EXPECT_EQ(found({{":path", "/"}, {":authority", "a.example"}}), &table.hosts[1]);
}

TEST(PathParameters, EndThePathIfTheyAreIgnored) {
  config::RouteTable table;
  table.hosts.resize(1);
  table.default_host = 0;
  auto& routes = table.hosts[0].routes;
  routes.push_back(prefix_route("/a", "exact"));
  routes[0].match.path.kind = config::PathMatch::Kind::path;
  routes.push_back(prefix_route("/t", "template"));
  routes[1].match.path.kind = config::PathMatch::Kind::path_template;
  routes[1].match.path.regex = text_regex("/t");
  auto name = [&table](std::string_view path) {
    TestMessage request{{":path", path}};
    const config::Route* route = match(table, request.input()).route;
    return route == nullptr ? "" : route->name;
  };
  EXPECT_EQ(name("/a;v=1?q"), "");
  EXPECT_EQ(name("/t"), "template");
  table.ignore_path_parameters = true;
  EXPECT_EQ(name("/a;v=1?q"), "exact");
  EXPECT_EQ(name("/a?q;r"), "exact");
  EXPECT_EQ(name("/t;v"), "");  // a template is compared with all of the path
}

}  // namespace
}  // namespace outrigger::route
