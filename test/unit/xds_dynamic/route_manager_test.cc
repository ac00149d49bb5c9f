#include "xds/dynamic/route_manager.h"

#include "fmt/format.h"

#include "api/filter/host_demand.h"
#include "test/unit/xds_dynamic/discovery_fakes.h"
#include "xds/dynamic/route_table.h"

namespace outrigger::xds::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Message = envoy::config::route::v3::RouteConfiguration;

Message routes_to(const std::string& name, const std::string& cluster,
                  const std::string& more = "") {
  return from_json<Message>(fmt::format(
      R"({{"name": "{}", {} "virtualHosts": [{{"name": "all", "domains": ["*"], "routes": [
      {{"match": {{"prefix": "/"}}, "route": {{"cluster": "{}"}}}}]}}]}})",
      name, more, cluster));
}

DynamicSources::Rds rds(const std::string& name, const std::string& source = R"({"ads": {}})") {
  return from_json<DynamicSources::Rds>(
      fmt::format(R"({{"routeConfigName": "{}", "configSource": {}}})", name, source));
}

class RouteManagerTest : public ::testing::Test {
 protected:
  DynamicSources::RouteSlotPtr get(const std::string& name, InitSet* init = nullptr,
                                   const std::string& prefix = "http.p.") {
    auto slot = manager_.routes(rds(name), prefix, init);
    EXPECT_TRUE(slot.ok()) << slot.status();
    return slot.ok() ? *slot : nullptr;
  }
  static std::string cluster_of(const DynamicSources::RouteSlotPtr& slot) {
    auto table = slot->current();
    return table == nullptr ? "none" : table->hosts.at(0).routes.at(0).forward()->cluster.name;
  }
  uint64_t stat(const std::string& name) {
    return counter(stats_, "http.p.rds.r.", RdsStats::layout(), name);
  }

  observe::StatsStore stats_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  FakeServer server_;
  ResourceReader reader_;
  Ledger ledger_;
  RouteManager manager_{{server_, reader_, environment_, ledger_,
                         [](std::string_view name) { return name == "c"; },
                         [](std::function<void()> task) { task(); }}};
};

TEST_F(RouteManagerTest, ANewVersionIsPutIntoTheSlot) {
  auto slot = get("r");
  EXPECT_EQ(cluster_of(slot), "none");
  server_.add("r", {resource(routes_to("r", "c"))});
  EXPECT_EQ(cluster_of(slot), "c");
  server_.add("r", {resource(routes_to("r", "later"), "2")});
  EXPECT_EQ(cluster_of(slot), "later");  // a cluster that nobody knows yet
  EXPECT_EQ(stat("config_reload"), 2u);
  EXPECT_GT(stat("config_reload_time_ms"), 0u);
  EXPECT_EQ(ledger_.entries(RouteManager::kTypeUrl)->at("r").active()->version(), "2");
}

TEST_F(RouteManagerTest, EqualNamesFromEqualSourcesAreOneTable) {
  auto one = get("r"), two = get("r", nullptr, "http.other.");
  EXPECT_EQ(one, two);
  auto other =
      manager_.routes(rds("r", R"({"pathConfigSource": {"path": "/x"}})"), "http.p.", nullptr);
  EXPECT_NE(*other, one);
  EXPECT_EQ(manager_.size(), 2u);
}

TEST_F(RouteManagerTest, WhatDidNotChangeIsNotCompiledAgain) {
  auto slot = get("r");
  server_.add("r", {resource(routes_to("r", "c"))});
  auto before = slot->current();
  server_.add("r", {resource(routes_to("r", "c"), "2")});
  EXPECT_EQ(slot->current(), before);
  EXPECT_EQ(stat("config_reload"), 1u);
  EXPECT_EQ(ledger_.entries(RouteManager::kTypeUrl)->at("r").active()->version(), "2");
}

TEST_F(RouteManagerTest, ABadVersionLeavesTheLastGoodOne) {
  auto slot = get("r");
  server_.add("r", {resource(routes_to("r", "c"))});
  Message bad = routes_to("r", "d");
  *bad.add_virtual_hosts() = bad.virtual_hosts(0);
  auto result = server_.add("r", {resource(bad, "2")});
  ASSERT_EQ(result->rejected.size(), 1u);
  EXPECT_THAT(result->rejected[0].reason, HasSubstr("virtual_hosts[1]"));
  EXPECT_EQ(cluster_of(slot), "c");
  const LedgerEntry& entry = ledger_.entries(RouteManager::kTypeUrl)->at("r");
  EXPECT_EQ(entry.active()->version(), "1");
  EXPECT_EQ(entry.rejected()->version(), "2");
}

TEST_F(RouteManagerTest, UnknownClustersAreRefusedWhereTheTableSaysSo) {
  auto slot = get("r");
  const std::string validate = R"("validateClusters": true,)";
  EXPECT_THAT(server_.add("r", {resource(routes_to("r", "c", validate))})->rejected, IsEmpty());
  EXPECT_THAT(server_.add("r", {resource(routes_to("r", "d", validate))})->rejected[0].reason,
              HasSubstr("unknown cluster 'd'"));
}

TEST_F(RouteManagerTest, WhoWaitsIsToldWithTheFirstAnswer) {
  auto init = std::make_shared<InitSet>("l");
  auto slot = get("r", init.get());
  EXPECT_FALSE(init->is_ready());
  server_.add("r", {resource(routes_to("r", "c"))});
  EXPECT_TRUE(init->is_ready());
  auto later = std::make_shared<InitSet>("l");
  auto again = get("r", later.get());
  EXPECT_TRUE(later->is_ready());
}

TEST_F(RouteManagerTest, WhoWaitsIsToldWhenNothingComes) {
  auto init = std::make_shared<InitSet>("l");
  auto slot = get("r", init.get());
  server_.time_out("r");
  EXPECT_TRUE(init->is_ready());
  EXPECT_EQ(cluster_of(slot), "none");
}

TEST_F(RouteManagerTest, AnEmptyAnswerIsCounted) {
  auto slot = get("r");
  server_.add("r", {});
  EXPECT_EQ(stat("update_empty"), 1u);
}

TEST_F(RouteManagerTest, ATableThatNobodyHoldsIsNotAskedForAnyMore) {
  auto slot = get("r");
  manager_.sweep();
  EXPECT_TRUE(server_.asks_for("r"));
  slot.reset();
  manager_.sweep();
  EXPECT_FALSE(server_.asks_for("r"));
  EXPECT_EQ(manager_.size(), 0u);
  EXPECT_FALSE(ledger_.entries(RouteManager::kTypeUrl)->contains("r"));
}

TEST_F(RouteManagerTest, ATableThatWasLetGoIsAskedForAnew) {
  get("r").reset();
  auto slot = get("r");
  EXPECT_EQ(server_.subscriptions(), 1u);
  server_.add("r", {resource(routes_to("r", "c"))});
  EXPECT_EQ(cluster_of(slot), "c");
}

// A large table is freed here, not by the worker that lets go of it last.
TEST_F(RouteManagerTest, AReplacedTableIsKeptUntilNobodyReadsIt) {
  auto slot = get("r");
  server_.add("r", {resource(routes_to("r", "c"))});
  auto read = slot->current();
  std::weak_ptr<const config::RouteTable> watched = read;
  server_.add("r", {resource(routes_to("r", "d"), "2")});
  manager_.sweep();
  read.reset();
  EXPECT_FALSE(watched.expired());
  manager_.sweep();
  EXPECT_TRUE(watched.expired());
}

class VirtualHostsTest : public RouteManagerTest {
 protected:
  VirtualHostsTest() {
    slot_ = get("r", init_.get());
    server_.add(
        "r",
        {resource(from_json<Message>(R"({"name": "r", "vhds": {"configSource": {"ads": {}}}})"))});
  }
  static Resource host(const std::string& domain) {
    Resource out = resource(from_json<envoy::config::route::v3::VirtualHost>(fmt::format(
        R"({{"name": "{0}", "domains": ["{0}"], "routes": [
        {{"match": {{"prefix": "/"}}, "route": {{"cluster": "c"}}}}]}})",
        domain)));
    out.name = "r/" + domain;
    return out;
  }
  static Resource no_host(const std::string& domain) {
    Resource out;
    out.name = "r/" + domain;
    return out;
  }
  void ask(const std::string& domain) {
    const auto* entry = slot_->current()->per_filter.find(HostDemand::kName);
    ASSERT_NE(entry, nullptr);
    dynamic_cast<const HostDemand&>(*entry->config).ask(domain, [this] { ++answers_; });
  }
  bool has(const std::string& domain) { return slot_->current()->exact_domains.contains(domain); }

  std::shared_ptr<InitSet> init_ = std::make_shared<InitSet>("l");
  DynamicSources::RouteSlotPtr slot_;
  int answers_ = 0;
};

TEST_F(VirtualHostsTest, ThoseThatTheServerHasComeWithTheTable) {
  EXPECT_FALSE(init_->is_ready());
  server_.add("vhds r", {host("a.example")});
  EXPECT_TRUE(init_->is_ready());
  EXPECT_TRUE(has("a.example"));
  server_.update("vhds r", {"", "2", {}, {"r/a.example"}, false});
  EXPECT_FALSE(has("a.example"));
}

TEST_F(VirtualHostsTest, AHostThatARequestAsksForIsSubscribedTo) {
  ask("b.example");
  EXPECT_EQ(answers_, 0);
  EXPECT_EQ(server_.names["vhds r"], (std::vector<std::string>{"r/b.example", "r"}));
  server_.add("vhds r", {host("b.example")});
  EXPECT_EQ(answers_, 1);
  EXPECT_TRUE(has("b.example"));
  ask("b.example");  // it was there before the worker had heard
  EXPECT_EQ(answers_, 2);
}

TEST_F(VirtualHostsTest, AHostThatDoesNotExistIsAskedForByTheNextRequestAgain) {
  ask("none.example");
  server_.add("vhds r", {no_host("none.example")});
  EXPECT_EQ(answers_, 1);
  EXPECT_EQ(server_.names["vhds r"], (std::vector<std::string>{"r"}));
  ask("none.example");
  EXPECT_EQ(answers_, 1);
}

TEST_F(VirtualHostsTest, ABadHostLeavesTheOthers) {
  Resource bad = host("a.example");
  bad.name = "r/bad";
  auto result = server_.add("vhds r", {host("a.example"), bad, host("b.example")});
  ASSERT_EQ(result->rejected.size(), 1u);  // two hosts of one domain
  EXPECT_EQ(result->rejected[0].name, "r/bad");
  EXPECT_TRUE(has("a.example"));
  EXPECT_TRUE(has("b.example"));
}

TEST_F(VirtualHostsTest, ANewTableKeepsTheHosts) {
  server_.add("vhds r", {host("a.example")});
  server_.add("r", {resource(from_json<Message>(
                                 R"({"name": "r", "vhds": {"configSource": {"ads": {}}},
                        "virtualHosts": [{"name": "s", "domains": ["s.example"]}]})"),
                             "2")});
  EXPECT_TRUE(has("a.example"));
  EXPECT_TRUE(has("s.example"));
}

TEST_F(RouteManagerTest, ASourceThatCannotBeUsedIsAnError) {
  server_.refusal = absl::InvalidArgumentError("ads: is not configured");
  EXPECT_FALSE(manager_.routes(rds("r"), "http.p.", nullptr).ok());
  EXPECT_EQ(manager_.size(), 0u);
}

}  // namespace
}  // namespace outrigger::xds::test
