// Delta over the aggregated stream.
#include "test/unit/xds_protocol/fixture.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using DeltaResponse = envoy::service::discovery::v3::DeltaDiscoveryResponse;

class Delta : public ProtocolTest {
 protected:
  void SetUp() override { start_ads(api(ApiConfigSource::DELTA_GRPC)); }
  void drain() {
    clock.turn();
    server.last().sent.clear();
  }
  void reconnect() {
    server.close();
    clock.advance(std::chrono::milliseconds(1));
  }
};

TEST_F(Delta, AsksForAllWithoutNamesAndAcknowledgesWithTheNonceOnly) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  EXPECT_EQ(server.last().method, kAdsDeltaMethod);
  auto first = server.delta_request();
  EXPECT_EQ(first.type_url(), kClusterType);
  EXPECT_EQ(first.node().id(), "node-1");
  EXPECT_THAT(first.resource_names_subscribe(), IsEmpty());
  EXPECT_THAT(first.initial_resource_versions(), IsEmpty());
  server.answer(delta_of(kClusterType, "n1", {"a", "b"}));
  ASSERT_THAT(consumer.updates, SizeIs(1));
  EXPECT_FALSE(consumer.updates[0]->complete);
  EXPECT_THAT(consumer.last_names(), ElementsAre("a", "b"));
  auto ack = server.delta_request();
  EXPECT_EQ(ack.response_nonce(), "n1");
  EXPECT_FALSE(ack.has_error_detail());
  EXPECT_THAT(ack.resource_names_subscribe(), IsEmpty());
  EXPECT_EQ(ledger.version(kClusterType), "system");
}

TEST_F(Delta, TellsOnlyWhatChanged) {
  Consumer consumer;
  auto a = subscribe(kEndpointType, {"a"}, consumer);
  auto b = subscribe(kEndpointType, {"b"}, consumer);
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), ElementsAre("a", "b"));
  auto c = subscribe(kEndpointType, {"c"}, consumer);
  a.reset();
  clock.turn();
  auto changed = server.delta_request();
  EXPECT_THAT(changed.resource_names_subscribe(), ElementsAre("c"));
  EXPECT_THAT(changed.resource_names_unsubscribe(), ElementsAre("a"));
  EXPECT_EQ(changed.response_nonce(), "");
  b->set_names({"b", "d"});
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), ElementsAre("d"));
  // There and back again.
  b->set_names({"b"});
  b->set_names({"b", "d"});
  clock.turn();
  EXPECT_TRUE(server.quiet());
}

TEST_F(Delta, AsksAgainForWhatTheServerDidNotHave) {
  Consumer consumer;
  auto a = subscribe(kClusterType, {"a", "b"}, consumer);
  drain();
  server.answer(delta_of(kClusterType, "n1", {}, {"a"}));
  drain();
  a->ask_again("a");
  clock.turn();
  auto again = server.delta_request();
  EXPECT_THAT(again.resource_names_subscribe(), ElementsAre("a"));
  EXPECT_THAT(again.resource_names_unsubscribe(), IsEmpty());
  a->ask_again("elsewhere");
  clock.turn();
  EXPECT_TRUE(server.quiet());
}

TEST_F(Delta, WhoWantsAllLaterGetsWhatIsThere) {
  Consumer one, two;
  auto first = subscribe(kScopedRouteType, {}, one);
  drain();
  server.answer(delta_of(kScopedRouteType, "n1", {"a", "b"}));
  server.answer(delta_of(kScopedRouteType, "n2", {"c"}, {"a"}));
  drain();
  auto second = subscribe(kScopedRouteType, {}, two);
  clock.turn();
  ASSERT_THAT(two.updates, SizeIs(1));
  EXPECT_THAT(two.last_names(), ElementsAre("b", "c"));
  EXPECT_FALSE(two.updates[0]->complete);
  EXPECT_THAT(one.updates, SizeIs(2));
  EXPECT_TRUE(server.quiet()) << "the server is not asked for what it has sent";
}

TEST_F(Delta, EqualNamesAreOneHoweverTheyAreSpelled) {
  Consumer one, two;
  auto a = subscribe(kEndpointType, {"xdstp://au/t/a?y=1&x=2"}, one);
  auto b = subscribe(kEndpointType, {"xdstp://au/t/%61?x=2&y=1"}, two);
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(),
              ElementsAre("xdstp://au/t/a?x=2&y=1"));
  server.answer(delta_of(kEndpointType, "n1", {"xdstp://au/t/a?y=1&x=2"}));
  EXPECT_THAT(one.updates, SizeIs(1));
  EXPECT_THAT(two.last_names(), ElementsAre("xdstp://au/t/a?x=2&y=1"));
}

TEST_F(Delta, ShowsWhatTheServerCallsItself) {
  Consumer consumer;
  auto a = subscribe(kClusterType, {}, consumer);
  drain();
  DeltaResponse response = delta_of(kClusterType, "n1", {"a"});
  response.mutable_control_plane()->set_identifier("istiod-7");
  server.answer(response);
  EXPECT_EQ(control_plane().identifier.value(), "istiod-7");
}

TEST_F(Delta, TellsWhatItHasOnANewStream) {
  Consumer clusters, endpoints;
  auto cds = subscribe(kClusterType, {}, clusters);
  auto eds = subscribe(kEndpointType, {"a"}, endpoints);
  drain();
  server.answer(delta_of(kClusterType, "n1", {"a", "b"}, {}, ""));
  endpoints.reject = {{"a", "bad"}};
  server.answer(delta_of(kEndpointType, "n2", {"a"}));
  server.answer(delta_of(kClusterType, "n3", {"c"}, {"b"}, "7"));
  reconnect();
  ASSERT_EQ(server.calls(), 2u);
  auto first = server.delta_request();
  EXPECT_EQ(first.type_url(), kClusterType);
  EXPECT_THAT(first.initial_resource_versions(),
              UnorderedElementsAre(Pair("a", ""), Pair("c", "7")));
  EXPECT_THAT(first.resource_names_subscribe(), IsEmpty());
  EXPECT_EQ(first.response_nonce(), "");
  auto second = server.delta_request();
  EXPECT_THAT(second.resource_names_subscribe(), ElementsAre("a"));
  EXPECT_THAT(second.initial_resource_versions(), IsEmpty());  // what was rejected, we have not
}

TEST_F(Delta, RejectsOneResourceAndKeepsTheOthers) {
  Consumer consumer;
  auto subscription = subscribe(kListenerType, {}, consumer);
  drain();
  consumer.reject = {{"b", "address: required"}};
  server.answer(delta_of(kListenerType, "n1", {"a", "b"}));
  auto nack = server.delta_request();
  EXPECT_EQ(nack.response_nonce(), "n1");
  EXPECT_EQ(nack.error_detail().message(),
            "Error adding/updating listener(s) b: address: required");
  reconnect();
  EXPECT_THAT(server.delta_request().initial_resource_versions(),
              UnorderedElementsAre(Pair("a", "1")));
}

TEST_F(Delta, ToldThatSomethingIsGone) {
  Consumer all, one, other;
  auto cds = subscribe(kClusterType, {}, all);
  auto eds = subscribe(kEndpointType, {"a"}, one);
  auto second = subscribe(kEndpointType, {"b"}, other);
  drain();
  server.answer(delta_of(kEndpointType, "n1", {"b"}, {"a"}));
  ASSERT_THAT(one.updates, SizeIs(1));
  EXPECT_THAT(one.updates[0]->removed, ElementsAre("a"));
  EXPECT_THAT(other.updates[0]->removed, IsEmpty());
  EXPECT_TRUE(ledger.entries(kEndpointType)->at("a").does_not_exist());
  server.answer(delta_of(kClusterType, "n2", {}, {"x"}));
  EXPECT_THAT(all.updates[0]->removed, ElementsAre("x"));
}

TEST_F(Delta, AnEmptyAnswerIsAnAnswerForWhoAskedForAll) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  server.answer(delta_of(kClusterType, "n1", {}));
  EXPECT_THAT(consumer.updates, SizeIs(1));
}

TEST_F(Delta, TheWildcardComesAndGoes) {
  Consumer all, one;
  auto named = subscribe(kClusterType, {"x"}, one);
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), ElementsAre("x"));
  auto wildcard = subscribe(kClusterType, {}, all);
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), ElementsAre("*"));
  server.answer(delta_of(kClusterType, "n1", {"x", "y"}));
  EXPECT_THAT(all.last_names(), ElementsAre("x", "y"));
  EXPECT_THAT(one.last_names(), ElementsAre("x"));
  drain();
  reconnect();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), ElementsAre("*", "x"));
  wildcard.reset();
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_unsubscribe(), ElementsAre("*"));
  reconnect();
  auto again = server.delta_request();
  EXPECT_THAT(again.resource_names_subscribe(), ElementsAre("x"));
  EXPECT_THAT(again.initial_resource_versions(), ElementsAre(Pair("x", "1")));
}

TEST_F(Delta, AWildcardAmongNamesIsOne) {
  Consumer consumer;
  auto subscription = subscribe(kVirtualHostType, {}, consumer);
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), IsEmpty());
  subscription->set_names({"*", "routes/a.com"});
  clock.turn();
  auto request = server.delta_request();
  EXPECT_THAT(request.resource_names_subscribe(), ElementsAre("routes/a.com"));
  EXPECT_THAT(request.resource_names_unsubscribe(), IsEmpty());
}

TEST_F(Delta, AliasesFindWhoAskedForThem) {
  Consumer consumer;
  auto subscription = subscribe(kVirtualHostType, {"routes/a.com"}, consumer);
  drain();
  DeltaResponse response = delta_of(kVirtualHostType, "n1", {"routes/host-a"});
  response.mutable_resources(0)->add_aliases("routes/a.com");
  auto& missing = *response.add_resources();
  missing.set_name("routes/b.com");
  missing.add_aliases("routes/a.com");
  server.answer(response);
  ASSERT_THAT(consumer.updates, SizeIs(1));
  EXPECT_THAT(consumer.last_names(), ElementsAre("routes/host-a", "routes/b.com"));
  EXPECT_THAT(consumer.updates[0]->added[0].aliases, ElementsAre("routes/a.com"));
  EXPECT_FALSE(consumer.updates[0]->added[1].body.value().size() > 0);
}

TEST_F(Delta, VirtualHostsAreOfTheirTable) {
  Consumer routes, others;
  auto one = subscribe(kVirtualHostType, {"routes"}, routes);
  auto two = subscribe(kVirtualHostType, {"others"}, others);
  drain();
  server.answer(delta_of(kVirtualHostType, "n1", {"routes/a", "routes/b"}, {"others/c"}));
  EXPECT_THAT(routes.last_names(), ElementsAre("routes/a", "routes/b"));
  EXPECT_THAT(others.updates.at(0)->removed, ElementsAre("others/c"));
}

TEST_F(Delta, CollectionsGetTheirMembers) {
  Consumer consumer;
  std::string collection = "xdstp://authority/envoy.config.cluster.v3.Cluster/blue/*?zone=a";
  auto subscription = subscribe(kClusterType, {collection}, consumer);
  clock.turn();
  EXPECT_THAT(server.delta_request().resource_names_subscribe(), ElementsAre(collection));
  std::string base = "xdstp://authority/envoy.config.cluster.v3.Cluster/";
  server.answer(delta_of(kClusterType, "n1",
                         {base + "blue/one?zone=a", base + "blue/two?zone=b", base + "red/one",
                          "xdstp://", "xdstp://x"}));
  EXPECT_THAT(consumer.last_names(), ElementsAre(base + "blue/one?zone=a"));
}

TEST_F(Delta, BothUpdatedAndRemovedIsRejected) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  server.answer(delta_of(kClusterType, "n1", {"a"}, {"a", "b", "b"}));
  EXPECT_THAT(consumer.last_names(), ElementsAre("a"));
  EXPECT_THAT(consumer.updates[0]->removed, ElementsAre("b"));
  auto text = server.delta_request().error_detail().message();
  EXPECT_THAT(text, HasSubstr("a: is both updated and removed"));
  EXPECT_THAT(text, HasSubstr("b: is removed twice"));
}

TEST_F(Delta, ATtlEndsUnlessItIsRenewed) {
  Consumer consumer;
  auto subscription = subscribe(kEndpointType, {"a", "b"}, consumer);
  drain();
  auto response = delta_of(kEndpointType, "n1", {"a", "b"});
  response.mutable_resources(0)->mutable_ttl()->set_seconds(10);
  server.answer(response);
  clock.advance(std::chrono::seconds(8));
  DeltaResponse heartbeat;
  heartbeat.set_type_url(std::string(kEndpointType));
  heartbeat.set_nonce("n2");
  auto& one = *heartbeat.add_resources();
  one.set_name("a");
  one.set_version("1");
  one.mutable_ttl()->set_seconds(10);
  drain();
  server.answer(heartbeat);
  EXPECT_THAT(consumer.updates, SizeIs(1));
  EXPECT_EQ(server.delta_request().response_nonce(), "n2");
  clock.advance(std::chrono::seconds(8));
  EXPECT_THAT(consumer.updates, SizeIs(1));
  clock.advance(std::chrono::seconds(2));
  ASSERT_THAT(consumer.updates, SizeIs(2));
  EXPECT_THAT(consumer.updates[1]->removed, ElementsAre("a"));
  EXPECT_TRUE(server.quiet());  // nothing to acknowledge
  EXPECT_TRUE(ledger.entries(kEndpointType)->at("a").does_not_exist());
  reconnect();
  EXPECT_THAT(server.delta_request().initial_resource_versions(), ElementsAre(Pair("b", "1")));
}

TEST_F(Delta, ATtlIsTakenBackByAnUpdateWithoutOne) {
  Consumer consumer;
  auto subscription = subscribe(kEndpointType, {"a"}, consumer);
  drain();
  auto response = delta_of(kEndpointType, "n1", {"a"});
  response.mutable_resources(0)->mutable_ttl()->set_seconds(10);
  server.answer(response);
  server.answer(delta_of(kEndpointType, "n2", {"a"}));
  clock.advance(std::chrono::seconds(60));
  EXPECT_THAT(consumer.updates, SizeIs(2));
}

TEST_F(Delta, AnAbsurdTtlDoesNoHarm) {
  Consumer consumer;
  auto subscription = subscribe(kEndpointType, {"a", "b"}, consumer);
  drain();
  auto response = delta_of(kEndpointType, "n1", {"a", "b"});
  response.mutable_resources(0)->mutable_ttl()->set_seconds(INT64_MAX);
  response.mutable_resources(1)->mutable_ttl()->set_seconds(INT64_MIN);
  response.mutable_resources(1)->mutable_ttl()->set_nanos(INT32_MIN);
  server.answer(response);
  clock.turn();
  ASSERT_THAT(consumer.updates, SizeIs(2));
  EXPECT_THAT(consumer.updates[1]->removed, ElementsAre("b"));
}

}  // namespace
}  // namespace outrigger::xds
