// State of the world over the aggregated stream.
#include "test/unit/xds_protocol/fixture.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Sotw : public ProtocolTest {
 protected:
  void SetUp() override { start_ads(api(ApiConfigSource::GRPC)); }
  // All requests up to here.
  void drain() {
    clock.turn();
    server.last().sent.clear();
  }
};

TEST_F(Sotw, AsksForAllWithAnEmptyListAndAcknowledges) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  EXPECT_EQ(server.last().method, kAdsSotwMethod);
  auto first = server.request();
  EXPECT_EQ(first.type_url(), kClusterType);
  EXPECT_EQ(first.node().id(), "node-1");
  EXPECT_THAT(first.resource_names(), IsEmpty());
  EXPECT_EQ(first.version_info(), "");
  EXPECT_EQ(first.response_nonce(), "");

  server.answer(response_of(kClusterType, "v1", "n1", {"a", "b"}));
  ASSERT_EQ(consumer.updates.size(), 1u);
  EXPECT_TRUE(consumer.updates[0]->complete);
  EXPECT_THAT(consumer.last_names(), ElementsAre("a", "b"));
  EXPECT_EQ(consumer.updates[0]->added[0].version, "v1");
  auto ack = server.request();
  EXPECT_EQ(ack.version_info(), "v1");
  EXPECT_EQ(ack.response_nonce(), "n1");
  EXPECT_FALSE(ack.has_error_detail());
  EXPECT_EQ(ack.node().id(), "node-1");
  EXPECT_EQ(ledger.version(kClusterType), "v1");
}

TEST_F(Sotw, RejectsWithTheOldVersionAndNamesWhatIsWrong) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  server.answer(response_of(kClusterType, "v1", "n1", {"a"}));
  drain();
  consumer.reject = {{"b", "connect_timeout: must be positive"}};
  server.answer(response_of(kClusterType, "v2", "n2", {"a", "b"}));
  auto nack = server.request();
  EXPECT_EQ(nack.version_info(), "v1");
  EXPECT_EQ(nack.response_nonce(), "n2");
  EXPECT_EQ(nack.error_detail().code(), 3);
  EXPECT_EQ(nack.error_detail().message(),
            "Error adding/updating cluster(s) b: connect_timeout: must be positive");
  EXPECT_EQ(ledger.version(kClusterType), "v1");
  EXPECT_EQ(counts().update_success.value(), 1u);
  EXPECT_EQ(counts().update_rejected.value(), 1u);
}

TEST_F(Sotw, ChangedNamesAreOneRequestWithTheLastVersionAndNonce) {
  Consumer consumer;
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  for (const char* name : {"b", "a"})
    subscriptions.push_back(subscribe(kEndpointType, {name}, consumer));
  clock.turn();
  EXPECT_THAT(server.request().resource_names(), ElementsAre("a", "b"));
  EXPECT_TRUE(server.quiet());
  server.answer(response_of(kEndpointType, "v1", "n1", {"a", "b"}));
  EXPECT_EQ(consumer.updates.size(), 2u);
  drain();
  subscriptions.push_back(subscribe(kEndpointType, {"c"}, consumer));
  subscriptions.erase(subscriptions.begin());
  clock.turn();
  auto changed = server.request();
  EXPECT_THAT(changed.resource_names(), ElementsAre("a", "c"));
  EXPECT_EQ(changed.version_info(), "v1");
  EXPECT_EQ(changed.response_nonce(), "n1");
  EXPECT_TRUE(server.quiet());
}

TEST_F(Sotw, GivesEachOnlyWhatItAskedFor) {
  Consumer a, b;
  auto for_a = subscribe(kEndpointType, {"a"}, a);
  auto for_b = subscribe(kEndpointType, {"b"}, b);
  drain();
  server.answer(response_of(kEndpointType, "v1", "n1", {"a", "stranger"}));
  ASSERT_EQ(a.updates.size(), 1u);
  EXPECT_THAT(a.last_names(), ElementsAre("a"));
  EXPECT_FALSE(a.updates[0]->complete);
  EXPECT_THAT(b.updates, IsEmpty());
}

TEST_F(Sotw, ExplicitNamesBesideAllNeedTheWildcard) {
  Consumer all, one;
  auto for_all = subscribe(kClusterType, {}, all);
  drain();
  auto for_one = subscribe(kClusterType, {"on-demand"}, one);
  clock.turn();
  EXPECT_THAT(server.request().resource_names(), ElementsAre("*", "on-demand"));
  for_one.reset();
  clock.turn();
  // An empty list would end everything once there were names.
  EXPECT_THAT(server.request().resource_names(), ElementsAre("*"));
}

TEST_F(Sotw, WhoAskedForAClusterByNameLearnsThatThereIsNone) {
  Consumer one;
  auto for_one = subscribe(kClusterType, {"x"}, one);
  drain();
  server.answer(response_of(kClusterType, "v1", "n1", {"y"}));
  ASSERT_EQ(one.updates.size(), 1u);
  EXPECT_TRUE(one.updates[0]->complete);
  EXPECT_THAT(one.updates[0]->added, IsEmpty());
  EXPECT_TRUE(ledger.entries(kClusterType)->at("x").does_not_exist());
}

TEST_F(Sotw, TheLastWhoLeavesUnsubscribes) {
  Consumer consumer;
  auto subscription = subscribe(kEndpointType, {"a"}, consumer);
  drain();
  subscription.reset();
  clock.turn();
  auto request = server.request();
  EXPECT_EQ(request.type_url(), kEndpointType);
  EXPECT_THAT(request.resource_names(), IsEmpty());
  EXPECT_EQ(ledger.entries(kEndpointType)->count("a"), 0u);
}

TEST_F(Sotw, WhoComesLaterGetsWhatIsThere) {
  Consumer first, second;
  auto one = subscribe(kEndpointType, {"a"}, first);
  drain();
  server.answer(response_of(kEndpointType, "v1", "n1", {"a"}));
  drain();
  auto two = subscribe(kEndpointType, {"a"}, second);
  EXPECT_THAT(second.updates, IsEmpty());  // never from inside
  clock.turn();
  ASSERT_EQ(second.updates.size(), 1u);
  EXPECT_THAT(second.last_names(), ElementsAre("a"));
  EXPECT_TRUE(server.quiet());
  EXPECT_EQ(first.updates.size(), 1u);
}

TEST_F(Sotw, WhoLeavesAndComesAgainInOneTurnGetsWhatIsThere) {
  Consumer first, second;
  auto one = subscribe(kEndpointType, {"a"}, first);
  drain();
  server.answer(response_of(kEndpointType, "v1", "n1", {"a"}));
  drain();
  one.reset();
  auto two = subscribe(kEndpointType, {"a"}, second);
  clock.turn();
  ASSERT_EQ(second.updates.size(), 1u);
}

TEST_F(Sotw, WhoComesWhileOthersTakeAnUpdateGetsItAfterThem) {
  Consumer first, second;
  auto one = subscribe(kEndpointType, {"a"}, first);
  drain();
  server.answer(response_of(kEndpointType, "v1", "n1", {"a"}));
  first.hold = true;
  server.answer(response_of(kEndpointType, "v2", "n2", {"a"}));
  auto two = subscribe(kEndpointType, {"a"}, second);
  clock.turn();
  EXPECT_THAT(second.updates, IsEmpty());
  first.release();
  clock.turn();
  ASSERT_FALSE(second.updates.empty());
  EXPECT_EQ(second.updates.back()->added.at(0).version, "v2");
}

TEST_F(Sotw, ARejectedResourceIsNotHandedOn) {
  Consumer first, second;
  auto one = subscribe(kEndpointType, {"a"}, first);
  drain();
  first.reject = {{"a", "bad"}};
  server.answer(response_of(kEndpointType, "v1", "n1", {"a"}));
  auto two = subscribe(kEndpointType, {"a"}, second);
  clock.turn();
  EXPECT_THAT(second.updates, IsEmpty());
}

TEST_F(Sotw, DuplicatesAndForeignTypesAreRejectedTheRestGoesOn) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  auto response = response_of(kClusterType, "v1", "n1", {"a", "a", "b"});
  *response.add_resources() = body_named(kListenerType, "l");
  server.answer(response);
  EXPECT_THAT(consumer.last_names(), ElementsAre("a", "b"));
  auto nack = server.request();
  EXPECT_EQ(nack.version_info(), "");
  EXPECT_THAT(nack.error_detail().message(), HasSubstr("a: duplicate name"));
  EXPECT_THAT(nack.error_detail().message(),
              HasSubstr("l: has type type.googleapis.com/envoy.config.listener.v3.Listener"));
  EXPECT_EQ(counts().update_rejected.value(), 1u);
  EXPECT_EQ(counts().update_success.value(), 0u);
}

TEST_F(Sotw, MalformedBodiesAreNamed) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  auto response = response_of(kClusterType, "v1", "n1", {"a"});
  response.add_resources()->set_type_url(std::string(kClusterType));
  response.mutable_resources(1)->set_value("\x0a\xff");
  server.answer(response);
  EXPECT_THAT(server.request().error_detail().message(), HasSubstr("malformed"));
}

TEST_F(Sotw, ALateAnswerHoldsUpItsTypeOnly) {
  Consumer clusters, listeners;
  auto cds = subscribe(kClusterType, {}, clusters);
  auto lds = subscribe(kListenerType, {}, listeners);
  drain();
  clusters.hold = true;
  server.answer(response_of(kClusterType, "v1", "n1", {"a"}));
  server.answer(response_of(kClusterType, "v2", "n2", {"b"}));
  EXPECT_EQ(clusters.updates.size(), 1u);
  EXPECT_TRUE(server.quiet());
  server.answer(response_of(kListenerType, "v1", "n3", {"l"}));
  EXPECT_EQ(listeners.updates.size(), 1u);
  EXPECT_EQ(server.request().type_url(), kListenerType);
  clusters.release();
  EXPECT_EQ(server.request().response_nonce(), "n1");
  ASSERT_EQ(clusters.updates.size(), 2u);
  clusters.release();
  EXPECT_EQ(server.request().response_nonce(), "n2");
}

TEST_F(Sotw, APausedTypeIsNeitherAskedForNorWorkedOff) {
  Consumer endpoints;
  auto first = subscribe(kEndpointType, {"a"}, endpoints);
  drain();
  sources.pause(kEndpointType);
  sources.pause(kEndpointType);
  auto second = subscribe(kEndpointType, {"b"}, endpoints);
  server.answer(response_of(kEndpointType, "v1", "n1", {"a"}));
  clock.turn();
  EXPECT_THAT(endpoints.updates, IsEmpty());
  EXPECT_TRUE(server.quiet());
  sources.resume(kEndpointType);
  clock.turn();
  EXPECT_TRUE(server.quiet());
  sources.resume(kEndpointType);
  EXPECT_THAT(endpoints.updates, IsEmpty());  // not from inside
  clock.turn();
  EXPECT_EQ(endpoints.updates.size(), 1u);
  auto request = server.request();
  EXPECT_THAT(request.resource_names(), ElementsAre("a", "b"));
}

TEST_F(Sotw, ATypeThatIsPausedBeforeItIsThereWaits) {
  sources.pause(kEndpointType);
  Consumer endpoints;
  auto first = subscribe(kEndpointType, {"a"}, endpoints);
  clock.turn();
  EXPECT_TRUE(server.quiet());
  sources.resume(kEndpointType);
  clock.turn();
  EXPECT_FALSE(server.quiet());
}

TEST_F(Sotw, AnUnknownTypeIsIgnoredAndSaidOnce) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  for (int i = 0; i < 3; ++i)
    server.answer(
        response_of("type.googleapis.com/istio.networking.nds.v1.NameTable", "1", "n", {"x"}));
  EXPECT_TRUE(server.quiet());
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(Sotw, AConsumerMayLeaveInsideOfItsUpdate) {
  Consumer a, b;
  auto for_a = subscribe(kEndpointType, {"a"}, a);
  auto for_b = subscribe(kEndpointType, {"b"}, b);
  drain();
  a.hold = true;
  a.then = [&] {
    for_a.reset();
    for_b.reset();
  };
  server.answer(response_of(kEndpointType, "v1", "n1", {"a", "b"}));
  EXPECT_THAT(b.updates, IsEmpty());
  clock.turn();
  EXPECT_EQ(server.request().response_nonce(), "n1");
  a.release();  // of an update that nobody waits for any more
}

TEST_F(Sotw, WhatAServerMayLeaveUnansweredIsBounded) {
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  consumer.hold = true;
  size_t sent = 0;
  while (server.last().handler != nullptr && sent < 10'000 && server.calls() == 1) {
    server.answer(response_of(kClusterType, "v", "n", {"a"}));
    ++sent;
    if (control_plane().connected_state.value() == 0) break;
  }
  EXPECT_LT(sent, 1'000u);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(server.calls(), 2u);
}

TEST_F(Sotw, AHundredThousandResourcesAreLinear) {
  Consumer consumer;
  std::vector<std::string> names;
  for (int i = 0; i < 100'000; ++i) names.push_back("cluster-" + std::to_string(i));
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  for (const std::string& name : names)
    subscriptions.push_back(subscribe(kEndpointType, {name}, consumer));
  clock.turn();
  EXPECT_EQ(server.request().resource_names_size(), 100'000);
  EXPECT_TRUE(server.quiet());
  server.answer(response_of(kEndpointType, "v1", "n1", names));
  EXPECT_EQ(consumer.updates.size(), 100'000u);
  subscriptions.clear();
  clock.turn();
}

}  // namespace
}  // namespace outrigger::xds
