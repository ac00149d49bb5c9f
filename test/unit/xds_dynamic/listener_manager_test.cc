#include "xds/dynamic/listener_manager.h"

#include <deque>

#include "fmt/format.h"

#include "test/unit/xds_dynamic/discovery_fakes.h"
#include "xds/dynamic_sources.h"

namespace outrigger::xds::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Message = envoy::config::listener::v3::Listener;

std::string echo_chain(const std::string& name, int port) {
  return fmt::format(
      R"({{"name": "{}", "filterChainMatch": {{"destinationPort": {}}}, "filters": [{{"name": "echo",
      "typedConfig": {{"@type": "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo"}}}}]}})",
      name, port);
}

Message listener(const std::string& name, int port, const std::string& more = "",
                 const std::string& chains = "") {
  return from_json<Message>(fmt::format(
      R"({{"name": "{}", "address": {{"socketAddress": {{"address": "127.0.0.1", "portValue": {}}}}},
      {} "filterChains": [{}]}})",
      name, port, more, chains.empty() ? echo_chain("one", 1) : chains));
}

// A listener whose connection manager waits for the routes "r".
Message waiting_listener(const std::string& name, int port, const std::string& more = "") {
  return listener(name, port, more,
                  R"({"filters": [{"name": "http", "typedConfig": {
      "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      "statPrefix": "p", "rds": {"routeConfigName": "r", "configSource": {"ads": {}}},
      "httpFilters": [{"name": "router", "typedConfig": {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]})");
}

// Routes that come when the test says so.
class FakeSources final : public DynamicSources {
 public:
  absl::StatusOr<RouteSlotPtr> routes(const Rds&, const std::string&,
                                      CompileEnvironment& environment) override {
    targets.push_back(environment.init->add("routes"));
    return std::make_shared<config::Slot<config::RouteTable>>();
  }
  absl::StatusOr<std::shared_ptr<const config::ScopedRoutes>> scopes(const ScopedRoutesMessage&,
                                                                     const std::string&,
                                                                     CompileEnvironment&) override {
    return absl::UnimplementedError("no scopes here");
  }
  absl::StatusOr<FilterSlotPtr> http_filter(const std::string&,
                                            const envoy::config::core::v3::ExtensionConfigSource&,
                                            const std::string&, CompileEnvironment&) override {
    return absl::UnimplementedError("no filters here");
  }
  void arrive() {
    for (auto& target : std::exchange(targets, {})) target->ready();
  }
  std::vector<std::shared_ptr<InitTarget>> targets;
};

class ListenerManagerTest : public ::testing::Test {
 protected:
  ListenerManagerTest() { environment_.dynamic = &sources_; }

  void start() {
    ASSERT_TRUE(manager_.start({}, "", [this] { ++initialized_; }).ok());
  }
  // SotW: all that there are.
  std::vector<RejectedResource> push(std::vector<Message> messages, std::string version = "1") {
    ResourceUpdate update;
    update.version = std::move(version);
    update.complete = true;
    for (const Message& message : messages)
      update.added.push_back(resource(message, update.version));
    auto result = server_.update("", std::move(update));
    EXPECT_TRUE(result);
    return result ? result->rejected : std::vector<RejectedResource>();
  }
  uint64_t stat(const std::string& name) {
    return counter(stats_, "listener_manager.", ListenerManagerStats::layout(), name);
  }
  const LedgerEntry& ledger(const std::string& name) {
    return ledger_.entries(ListenerManager::kTypeUrl)->at(name);
  }

  observe::StatsStore stats_;
  config::ClusterSlots slots_;
  CompileEnvironment environment_{stats_, slots_};
  FakeSources sources_;
  FakeServer server_;
  FakeListeners sink_;
  ResourceReader reader_;
  Ledger ledger_;
  std::deque<std::function<void()>> later_;
  ListenerManager manager_{{server_,
                            reader_,
                            environment_,
                            ledger_,
                            sink_,
                            [](std::string_view) { return true; },
                            {},
                            {},
                            {}}};
  int initialized_ = 0;
};

TEST_F(ListenerManagerTest, AListenerThatWaitsForNothingIsInForceAtOnce) {
  start();
  EXPECT_THAT(push({listener("a", 1)}), IsEmpty());
  EXPECT_THAT(sink_.take(), ElementsAre("warm a", "set a"));
  EXPECT_EQ(initialized_, 1);
  EXPECT_EQ(stat("listener_added"), 1u);
  EXPECT_NE(ledger("a").active(), nullptr);
  EXPECT_EQ(ledger_.version(ListenerManager::kTypeUrl), "1");
}

TEST_F(ListenerManagerTest, WhatDidNotChangeIsNotCompiledAgain) {
  start();
  push({listener("a", 1)});
  auto before = sink_.in_force["a"];
  sink_.take();
  EXPECT_THAT(push({listener("a", 1)}, "2"), IsEmpty());
  EXPECT_THAT(sink_.take(), IsEmpty());
  EXPECT_EQ(ledger("a").active()->version(), "2");
  EXPECT_EQ(stat("listener_modified"), 0u);
}

TEST_F(ListenerManagerTest, OneBadListenerTakesNobodyDown) {
  start();
  push({listener("a", 1), listener("b", 2)});
  sink_.take();
  auto rejected = push({listener("a", 1, R"("perConnectionBufferLimitBytes": 7,)"),
                        listener("b", 2, "", R"({"filters": [{"name": "nobody", "typedConfig":
                        {"@type": "type.googleapis.com/google.protobuf.Struct"}}]})"),
                        listener("c", 3)},
                       "2");
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].name, "b");
  EXPECT_THAT(rejected[0].reason, HasSubstr("filter_chains[0].filters[0]"));
  EXPECT_THAT(sink_.take(), ElementsAre("warm a", "set a", "warm c", "set c"));
  EXPECT_NE(ledger("b").active(), nullptr);
  EXPECT_EQ(ledger("b").active()->version(), "1");
  ASSERT_NE(ledger("b").rejected(), nullptr);
  EXPECT_EQ(ledger("b").rejected()->version(), "2");
  EXPECT_EQ(stat("listener_modified"), 1u);
}

TEST_F(ListenerManagerTest, AListenerWaitsForItsRoutesWhileTheLastServes) {
  start();
  push({listener("a", 1)});
  sink_.take();
  push({waiting_listener("a", 1)}, "2");
  EXPECT_THAT(sink_.take(), ElementsAre("warm a"));
  EXPECT_EQ(stat("total_listeners_warming"), 1u);
  EXPECT_NE(ledger("a").warming(), nullptr);
  EXPECT_EQ(ledger("a").active()->version(), "1");
  ASSERT_EQ(manager_.waiting().size(), 1u);
  EXPECT_THAT(manager_.waiting()[0]->unready(), ElementsAre("routes"));
  sources_.arrive();
  EXPECT_THAT(sink_.take(), ElementsAre("set a"));
  EXPECT_EQ(ledger("a").warming(), nullptr);
  EXPECT_EQ(ledger("a").active()->version(), "2");
  EXPECT_EQ(stat("total_listeners_warming"), 0u);
}

TEST_F(ListenerManagerTest, ItIsInitializedWhenTheFirstAnswersListenersAre) {
  start();
  push({waiting_listener("a", 1), listener("b", 2)});
  EXPECT_EQ(initialized_, 0);
  sources_.arrive();
  EXPECT_EQ(initialized_, 1);
}

TEST_F(ListenerManagerTest, WithoutAnAnswerItIsInitializedByTheTimeout) {
  start();
  server_.time_out("");
  EXPECT_EQ(initialized_, 1);
}

TEST_F(ListenerManagerTest, ANewerVersionTakesThePlaceOfTheOneThatWaits) {
  start();
  push({waiting_listener("a", 1)});
  auto first = std::exchange(sources_.targets, {});
  push({waiting_listener("a", 1, R"("perConnectionBufferLimitBytes": 7,)")}, "2");
  sink_.take();
  for (auto& target : first) target->ready();
  EXPECT_THAT(sink_.take(), IsEmpty());
  sources_.arrive();
  EXPECT_THAT(sink_.take(), ElementsAre("set a"));
  EXPECT_EQ(sink_.in_force["a"]->buffer_limit_bytes, 7u);
}

TEST_F(ListenerManagerTest, BackToWhatIsInForceNothingWaits) {
  start();
  push({listener("a", 1)});
  push({waiting_listener("a", 1)}, "2");
  sink_.take();
  push({listener("a", 1)}, "3");
  EXPECT_THAT(sink_.take(), ElementsAre("abandon a"));
  EXPECT_TRUE(manager_.waiting().empty());
  EXPECT_EQ(ledger("a").warming(), nullptr);
}

TEST_F(ListenerManagerTest, ChainsThatDidNotChangeAreTheSameObjects) {
  start();
  push({listener("a", 1, "", echo_chain("x", 1) + "," + echo_chain("y", 2))});
  auto before = sink_.in_force["a"];
  push({listener("a", 1, "", echo_chain("y", 2) + "," + echo_chain("z", 3))}, "2");
  auto after = sink_.in_force["a"];
  EXPECT_EQ(after->shape, before->shape);
  EXPECT_EQ(after->chains[0], before->chains[1]);
  EXPECT_EQ(after->chains[1]->name, "z");
  // With another shape all is new.
  push({listener("a", 1, R"("perConnectionBufferLimitBytes": 7,)", echo_chain("y", 2))}, "3");
  EXPECT_NE(sink_.in_force["a"]->shape, after->shape);
  EXPECT_NE(sink_.in_force["a"]->chains[0], after->chains[0]);
}

TEST_F(ListenerManagerTest, WhatIsNotListedAnyMoreIsRemovedAndDrains) {
  start();
  push({listener("a", 1), listener("b", 2)});
  sink_.take();
  push({listener("b", 2)}, "2");
  EXPECT_THAT(sink_.take(), ElementsAre("remove a"));
  EXPECT_NE(ledger("a").draining(), nullptr);
  EXPECT_EQ(stat("listener_removed"), 1u);
  sink_.draining["a"]();
  EXPECT_FALSE(ledger_.entries(ListenerManager::kTypeUrl)->contains("a"));
}

TEST_F(ListenerManagerTest, ARefusedListenerIsNotRemoved) {
  start();
  push({listener("a", 1)});
  sink_.take();
  push({listener("a", 1, "", R"({"filters": []})")}, "2");
  EXPECT_THAT(sink_.take(), IsEmpty());
}

TEST_F(ListenerManagerTest, DeltaRemovesByName) {
  start();
  server_.update("",
                 {"", "1", {resource(listener("a", 1)), resource(listener("b", 2))}, {}, false});
  sink_.take();
  server_.update("", {"", "2", {}, {"a", "nobody"}, false});
  EXPECT_THAT(sink_.take(), ElementsAre("remove a"));
}

TEST_F(ListenerManagerTest, TwoListenersCannotHaveOneAddress) {
  start();
  auto rejected = push({listener("a", 1), listener("b", 1)});
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_THAT(rejected[0].reason, HasSubstr("'b' has duplicate address '127.0.0.1:1'"));
}

TEST_F(ListenerManagerTest, AnAddressMayGoToAnotherNameInOneUpdate) {
  start();
  push({listener("a", 1)});
  sink_.take();
  EXPECT_THAT(push({listener("b", 1)}, "2"), IsEmpty());
  // The new one first: it takes the sockets over.
  EXPECT_THAT(sink_.take(), ElementsAre("warm b", "set b", "remove a"));
}

TEST_F(ListenerManagerTest, AnAddressInUseIsARefusal) {
  start();
  sink_.warm_refusal = absl::UnavailableError("cannot bind '127.0.0.1:1': Address already in use");
  auto rejected = push({listener("a", 1)});
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].reason, "cannot bind '127.0.0.1:1': Address already in use");
  EXPECT_EQ(initialized_, 1);
}

TEST_F(ListenerManagerTest, AListenerThatCannotBeSetLeavesTheLastOne) {
  start();
  push({listener("a", 1)});
  sink_.set_refusal = absl::UnavailableError("no");
  push({listener("a", 1, R"("perConnectionBufferLimitBytes": 7,)")}, "2");
  EXPECT_EQ(ledger("a").active()->version(), "1");
  EXPECT_EQ(ledger("a").rejected()->details, "no");
}

TEST_F(ListenerManagerTest, StaticListenersStay) {
  auto fixed = std::make_shared<config::Listener>();
  fixed->name = "fixed";
  fixed->addresses.push_back({*net::Address::from_ip("127.0.0.1", 9), false, {}, {}});
  manager_.add_static(fixed);
  start();
  EXPECT_THAT(push({listener("fixed", 1)}), IsEmpty());
  EXPECT_EQ(push({listener("other", 9)}, "2").size(), 1u);
  EXPECT_THAT(push({}, "3"), IsEmpty());
  EXPECT_THAT(sink_.take(), IsEmpty());
}

TEST_F(ListenerManagerTest, AListenerWithoutANameKeepsTheOneItGot) {
  start();
  push({listener("", 1)});
  ASSERT_EQ(sink_.in_force.size(), 1u);
  std::string name = sink_.in_force.begin()->first;
  EXPECT_FALSE(name.empty());
  sink_.take();
  push({listener("", 1)}, "2");
  EXPECT_THAT(sink_.take(), IsEmpty());
  push({listener("", 2)}, "3");
  EXPECT_THAT(sink_.take(), ElementsAre(HasSubstr("warm"), HasSubstr("set"), "remove " + name));
}

TEST_F(ListenerManagerTest, AResourceOfAnotherTypeIsRefused) {
  start();
  Resource wrong;
  wrong.name = "a";
  wrong.body.set_type_url("type.googleapis.com/envoy.config.core.v3.Node");
  auto result = server_.update("", {"", "1", {wrong}, {}, true});
  ASSERT_EQ(result->rejected.size(), 1u);
  EXPECT_THAT(result->rejected[0].reason, HasSubstr("is of type"));
}

}  // namespace
}  // namespace outrigger::xds::test
