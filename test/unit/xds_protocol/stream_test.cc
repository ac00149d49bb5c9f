// Streams that end, are opened anew, are limited; the ways to a server.
#include "test/unit/xds_protocol/fixture.h"

namespace outrigger::xds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class Streams : public ProtocolTest {
 protected:
  void drain() {
    clock.turn();
    server.last().sent.clear();
  }
};

TEST_F(Streams, KeepTheVersionAndForgetTheNonce) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer clusters, endpoints, listeners;
  auto cds = subscribe(kClusterType, {}, clusters);
  drain();
  server.answer(response_of(kClusterType, "v1", "n1", {"a"}));
  auto eds = subscribe(kEndpointType, {"a"}, endpoints);
  auto lds = subscribe(kListenerType, {}, listeners);
  drain();
  EXPECT_EQ(control_plane().connected_state.value(), 1);
  server.close();
  EXPECT_EQ(control_plane().connected_state.value(), 0);
  clock.advance(1ms);
  ASSERT_EQ(server.calls(), 2u);
  EXPECT_EQ(control_plane().connected_state.value(), 1);
  auto first = server.request();
  EXPECT_EQ(first.type_url(), kClusterType);
  EXPECT_EQ(first.version_info(), "v1");
  EXPECT_EQ(first.response_nonce(), "");
  EXPECT_TRUE(first.has_node());
  EXPECT_EQ(server.request().type_url(), kEndpointType);
  EXPECT_EQ(server.request().type_url(), kListenerType);
  EXPECT_EQ(counts().update_failure.value(), 3u);
}

TEST_F(Streams, WaitLongerAndLongerUntilAMessageComes) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  clock.set_random(UINT64_MAX);  // a remainder near the interval's end
  std::vector<int64_t> waits;
  for (int i = 0; i < 9; ++i) {
    size_t before = server.calls();
    server.close();
    int64_t waited = 0;
    while (server.calls() == before) {
      clock.advance(1ms);
      ++waited;
    }
    waits.push_back(waited);
  }
  for (size_t i = 0; i < waits.size(); ++i) {
    EXPECT_LE(waits[i], std::min<int64_t>(30'000, 500 << i));
  }
  EXPECT_GT(waits.back(), 500);
  server.answer(response_of(kClusterType, "v1", "n1", {}));
  size_t before = server.calls();
  server.close();
  clock.advance(500ms);
  EXPECT_EQ(server.calls(), before + 1);
}

TEST_F(Streams, ComplainOnceInAWhile) {
  start_ads(api(ApiConfigSource::GRPC));
  for (int i = 0; i < 20; ++i) {
    server.close(grpc::Code::unavailable, "refused\xff");
    clock.advance(1s);
  }
  ASSERT_THAT(log, SizeIs(1));
  EXPECT_EQ(log[0], "StreamAggregatedResources gRPC config stream to xds closed: 14, refused?");
  clock.advance(20s);
  server.close();
  EXPECT_THAT(log, SizeIs(2));
}

TEST_F(Streams, AnAnswerOfAStreamThatIsGoneIsNotAcknowledgedToTheNext) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  drain();
  consumer.hold = true;
  server.answer(response_of(kClusterType, "v1", "n1", {"a"}));
  server.answer(response_of(kClusterType, "v2", "n2", {"b"}));
  server.close();
  clock.advance(1ms);
  ASSERT_EQ(server.calls(), 2u);
  EXPECT_EQ(server.request().version_info(), "");
  consumer.release();
  clock.turn();
  EXPECT_TRUE(server.quiet());
  EXPECT_THAT(consumer.updates, SizeIs(1));  // the second one was not begun
  server.close();
  clock.advance(1s);
  EXPECT_EQ(server.request().version_info(), "v1");  // it was taken, all the same
}

TEST_F(Streams, WhatIsNoResponseEndsTheStream) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  server.last().handler->on_message("\xff\xff\xff");
  EXPECT_THAT(log.back(), HasSubstr("DiscoveryResponse"));
  clock.advance(1ms);
  EXPECT_EQ(server.calls(), 2u);
  EXPECT_EQ(server.call(0).handler, nullptr);
}

TEST_F(Streams, TheNodeGoesWithTheFirstMessageOnlyIfSo) {
  auto source = api(ApiConfigSource::GRPC);
  source.set_set_node_on_first_message_only(true);
  start_ads(source);
  Consumer a, b;
  auto cds = subscribe(kClusterType, {}, a);
  auto lds = subscribe(kListenerType, {}, b);
  clock.turn();
  EXPECT_TRUE(server.request().has_node());
  EXPECT_FALSE(server.request().has_node());
  server.close();
  clock.advance(1ms);
  EXPECT_TRUE(server.request().has_node());
}

TEST_F(Streams, TheRateLimitDelaysRequests) {
  auto source = api(ApiConfigSource::GRPC);
  source.mutable_rate_limit_settings()->mutable_max_tokens()->set_value(2);
  source.mutable_rate_limit_settings()->mutable_fill_rate()->set_value(2);
  start_ads(source);
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  for (int i = 0; i < 4; ++i)
    server.answer(response_of(kClusterType, "v", "n" + std::to_string(i), {}));
  EXPECT_THAT(server.last().sent, SizeIs(2));
  EXPECT_EQ(control_plane().rate_limit_enforced.value(), 1u);
  EXPECT_EQ(control_plane().pending_requests.value(), 1);
  clock.advance(10s);
  EXPECT_THAT(server.last().sent, SizeIs(5));
  EXPECT_EQ(control_plane().pending_requests.value(), 0);
}

TEST_F(Streams, AFirstAnswerThatDoesNotComeTimesOut) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer waits, forever;
  auto source = ads();
  auto first = subscribe(kEndpointType, {"a"}, waits, source);
  source.mutable_initial_fetch_timeout();
  auto second = subscribe(kEndpointType, {"b"}, forever, source);
  clock.advance(14'999ms);
  EXPECT_EQ(waits.timeouts, 0);
  clock.advance(1ms);
  EXPECT_EQ(waits.timeouts, 1);
  EXPECT_EQ(counts().init_fetch_timeout.value(), 1u);
  EXPECT_TRUE(ledger.entries(kEndpointType)->at("a").does_not_exist());
  clock.advance(1h);
  EXPECT_EQ(waits.timeouts, 1);
  EXPECT_EQ(forever.timeouts, 0);
}

TEST_F(Streams, AnAnswerEndsTheWait) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  server.answer(response_of(kClusterType, "v1", "n1", {}));
  clock.advance(1min);
  EXPECT_EQ(consumer.timeouts, 0);
}

TEST_F(Streams, StatisticsAreEnvoys) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  server.answer(response_of(kClusterType, "1", "n1", {}));
  EXPECT_EQ(counts().update_attempt.value(), 2u);
  EXPECT_EQ(counts().update_success.value(), 1u);
  EXPECT_EQ(static_cast<uint64_t>(counts().version.value()), 13237225503670494420u);  // xxHash64
  EXPECT_GT(counts().update_time.value(), 1'700'000'000'000);
  EXPECT_EQ(counts().update_duration.count(), 1u);
}

TEST_F(Streams, ATypeOfItsOwnHasItsOwnMethodAndIsShared) {
  sources.start();
  Consumer a, b, c;
  auto one = subscribe(kSecretType, {"a"}, a, own(ApiConfigSource::GRPC));
  auto two = subscribe(kSecretType, {"b"}, b, own(ApiConfigSource::GRPC));
  auto three = subscribe(kSecretType, {"c"}, c, own(ApiConfigSource::DELTA_GRPC, "other"));
  clock.turn();
  ASSERT_EQ(server.calls(), 2u);
  EXPECT_EQ(server.call(0).method, "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets");
  EXPECT_EQ(server.call(0).cluster, "xds");
  EXPECT_EQ(server.call(1).method, "/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets");
  EXPECT_EQ(server.call(1).cluster, "other");
  EXPECT_THAT(FakeServer::next<FakeServer::Request>(server.call(0)).resource_names(),
              ElementsAre("a", "b"));
  EXPECT_EQ(control_plane("t.").connected_state.value(), 1);
}

TEST_F(Streams, ThatNobodyNeedsAnyMoreEnd) {
  sources.start();
  Consumer a, b;
  auto one = subscribe(kSecretType, {"a"}, a, own(ApiConfigSource::GRPC));
  clock.turn();
  one.reset();
  auto two = subscribe(kSecretType, {"b"}, b, own(ApiConfigSource::GRPC, "other"));
  EXPECT_EQ(server.call(0).handler, nullptr);
}

TEST_F(Streams, WaitForTheirStart) {
  Consumer consumer;
  auto subscription = subscribe(kSecretType, {"a"}, consumer, own(ApiConfigSource::GRPC));
  clock.turn();
  EXPECT_EQ(server.calls(), 0u);
  sources.start();
  clock.turn();
  EXPECT_THAT(server.request().resource_names(), ElementsAre("a"));
}

TEST_F(Streams, RefuseWhatTheyCannotDo) {
  EXPECT_THAT(refusal(ads()), HasSubstr("ads: there is no dynamic_resources.ads_config"));
  EXPECT_THAT(refusal(ConfigSource()), HasSubstr("missing config source specifier"));
  EXPECT_THAT(refusal(own(ApiConfigSource::REST)), HasSubstr("api_config_source.api_type: REST"));
  EXPECT_THAT(refusal(own(ApiConfigSource::AGGREGATED_GRPC)),
              HasSubstr("api_config_source.api_type: unsupported config source AGGREGATED_GRPC"));
  EXPECT_THAT(refusal(own(ApiConfigSource::GRPC), kVirtualHostType),
              HasSubstr("api_config_source.api_type"));
  auto source = own(ApiConfigSource::GRPC);
  source.set_resource_api_version(static_cast<envoy::config::core::v3::ApiVersion>(1));
  EXPECT_THAT(refusal(source), HasSubstr("resource_api_version: V2"));
  source = own(ApiConfigSource::GRPC);
  source.mutable_api_config_source()->set_transport_api_version(
      static_cast<envoy::config::core::v3::ApiVersion>(1));
  EXPECT_THAT(refusal(source), HasSubstr("api_config_source.transport_api_version: V2"));
  source = own(ApiConfigSource::GRPC);
  source.mutable_api_config_source()->add_grpc_services();
  EXPECT_THAT(refusal(source), HasSubstr("exactly one gRPC service (has 2)"));
  source = ConfigSource();
  source.mutable_path_config_source()->set_path("/nonexistent/x.yaml");
  EXPECT_THAT(refusal(source), HasSubstr("path_config_source.path: paths must refer to an existing "
                                         "path in the system: '/nonexistent/x.yaml'"));
}

TEST_F(Streams, SelfIsTheAggregatedStream) {
  start_ads(api(ApiConfigSource::GRPC));
  ConfigSource self;
  self.mutable_self();
  Consumer consumer;
  auto subscription = subscribe(kRouteType, {"r"}, consumer, self);
  clock.turn();
  EXPECT_THAT(server.request().resource_names(), ElementsAre("r"));
}

TEST_F(Streams, WrappedResourcesHaveNamesAndTtls) {
  start_ads(api(ApiConfigSource::GRPC));
  Consumer consumer;
  auto subscription = subscribe(kClusterType, {}, consumer);
  clock.turn();
  auto response = response_of(kClusterType, "v1", "n1", {"b"});
  envoy::service::discovery::v3::Resource wrapped;
  wrapped.set_name("a");
  wrapped.mutable_ttl()->set_seconds(5);
  *wrapped.mutable_resource() = body_named(kClusterType, "a");
  response.add_resources()->PackFrom(wrapped);
  server.answer(response);
  EXPECT_THAT(consumer.last_names(), ElementsAre("b", "a"));
  clock.advance(4s);
  // A heartbeat: nothing is gone that it does not list.
  auto heartbeat = response_of(kClusterType, "v1", "n2", {});
  wrapped.clear_resource();
  heartbeat.add_resources()->PackFrom(wrapped);
  server.answer(heartbeat);
  EXPECT_FALSE(consumer.updates.back()->complete);
  clock.advance(4s);
  EXPECT_THAT(consumer.updates.back()->removed, IsEmpty());
  clock.advance(1s);
  EXPECT_THAT(consumer.updates.back()->removed, ElementsAre("a"));
}

}  // namespace
}  // namespace outrigger::xds
