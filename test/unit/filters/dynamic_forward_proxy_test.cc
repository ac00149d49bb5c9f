// dynamic_forward_proxy and sni_dynamic_forward_proxy: who waits, for what, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.pb.h"
#include "envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy.pb.h"

#include "test/unit/filters/fake_connection.h"
#include "test/unit/filters/fixture.h"
#include "test/unit/support/dns_cache.h"

namespace outrigger::filters::test {
namespace {

namespace http_dfp = envoy::extensions::filters::http::dynamic_forward_proxy::v3;
using SniConfig = envoy::extensions::filters::network::sni_dynamic_forward_proxy::v3::FilterConfig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kNamed = "dns_cache_config { name: 'x' }";

class ForwardProxyFilterTest : public FilterTest {
 protected:
  ForwardProxyFilterTest() {
    compile_context.hosts = cache;
    config::Cluster& cluster = context.cluster_configs["backend"];
    cluster.discovery = config::Cluster::Discovery::dynamic_forward_proxy;
    cluster.transport_socket = std::make_shared<config::TransportSocket>();
  }
  Verdict request(const std::string& authority, const std::string& text = kNamed) {
    filter = &make<http_dfp::FilterConfig>(text);
    return filter->on_request_headers(
        context, context.make_request({{":authority", authority}, {"x-host", "of.header"}}), true);
  }
  std::string authority() {
    return std::string(context.request_headers().get(http::HeaderId::authority));
  }

  std::shared_ptr<outrigger::test::FakeDnsCache> cache =
      std::make_shared<outrigger::test::FakeDnsCache>();
  HttpFilter* filter = nullptr;
};

TEST_F(ForwardProxyFilterTest, AKnownHostPassesAtOnce) {
  cache->know("a.test:80", {"10.0.0.1"});
  EXPECT_EQ(request("a.test").kind(), Kind::next);
  EXPECT_THAT(cache->asked, IsEmpty());
  EXPECT_EQ(context.info().extras, nullptr);
}

TEST_F(ForwardProxyFilterTest, AnUnknownOneWaitsForItsAddress) {
  EXPECT_EQ(request("A.test:8080").kind(), Kind::wait);
  EXPECT_THAT(cache->asked, ElementsAre("a.test:8080"));
  cache->answer(cache->know("a.test:8080", {"10.0.0.1"}));
  EXPECT_EQ(context.request_resumes, 1u);
  EXPECT_THAT(context.replies, IsEmpty());
  filter->on_stream_end(context);
  EXPECT_EQ(cache->cancelled, 0u);
}

TEST_F(ForwardProxyFilterTest, WithTlsThePortIsAnother) {
  auto socket = std::make_shared<config::TransportSocket>();
  socket->tls = std::make_shared<config::TlsContextSlot>();
  context.cluster_configs["backend"].transport_socket = socket;
  request("a.test");
  EXPECT_THAT(cache->asked, ElementsAre("a.test:443"));
}

TEST_F(ForwardProxyFilterTest, AStreamThatEndsDoesNotWait) {
  request("a.test");
  filter->on_stream_end(context);
  EXPECT_EQ(cache->cancelled, 1u);
  EXPECT_THAT(cache->waiters, IsEmpty());
}

TEST_F(ForwardProxyFilterTest, WithoutAnAddressItIsAFailureOfDns) {
  request("a.test");
  cache->answer(cache->know("a.test:80", {}, "cares_norecords:Domain_name_not_found"));
  ASSERT_EQ(context.replies.size(), 1u);
  const LocalReply& reply = context.replies[0];
  EXPECT_EQ(reply.code, 503);
  EXPECT_EQ(reply.body, "DNS resolution failure");
  EXPECT_TRUE(reply.outcome.flags.has(ResponseFlag::dns_resolution_failure));
  EXPECT_EQ(reply.outcome.details, "dns_resolution_failure{cares_norecords:Domain_name_not_found}");
  EXPECT_EQ(reply.outcome.cause,
            "DNS has no address of a.test: cares_norecords:Domain_name_not_found");
  Verdict next = request("a.test");
  EXPECT_EQ(next.kind(), Kind::reply);
  EXPECT_EQ(next.local_reply().body, "DNS resolution failure");
}

TEST_F(ForwardProxyFilterTest, WhatIsNoHostIsNotAskedFor) {
  for (const char* host : {"", "a:b", "a b", "a:0", "[::1"}) {
    Verdict verdict = request(host);
    ASSERT_EQ(verdict.kind(), Kind::reply) << host;
    EXPECT_EQ(verdict.local_reply().outcome.details, "dns_resolution_failure{not_a_host_name}");
  }
  EXPECT_THAT(cache->asked, IsEmpty());
}

TEST_F(ForwardProxyFilterTest, LimitsHaveTheirOwnAnswers) {
  cache->verdict = DnsCache::Asked::no_room;
  LocalReply reply = request("a.test").local_reply();
  EXPECT_EQ(reply.code, 503);
  EXPECT_EQ(reply.body, "DNS cache overflow");
  EXPECT_EQ(reply.outcome.details, "dns_cache_overflow");
  cache->verdict = DnsCache::Asked::too_many_pending;
  reply = request("a.test").local_reply();
  EXPECT_EQ(reply.body, "Dynamic forward proxy pending request overflow");
  EXPECT_EQ(reply.outcome.details, "dynamic_forward_proxy_pending_request_overflow");
  cache->verdict = DnsCache::Asked::waiting;
  request("a.test");
  cache->answer(nullptr);
  ASSERT_EQ(context.replies.size(), 1u);
  EXPECT_EQ(context.replies[0].body, "DNS cache overflow");
}

TEST_F(ForwardProxyFilterTest, OtherClustersAreNoneOfItsBusiness) {
  context.cluster_configs["backend"].discovery = config::Cluster::Discovery::eds;
  EXPECT_EQ(request("a.test").kind(), Kind::next);
  context.cluster_configs.clear();
  EXPECT_EQ(request("a.test").kind(), Kind::next);
  context.has_route = false;
  EXPECT_EQ(request("a.test").kind(), Kind::next);
  EXPECT_THAT(cache->asked, IsEmpty());
}

TEST_F(ForwardProxyFilterTest, ARouteMayNameTheHost) {
  context.levels = {route_config<http_dfp::PerRouteConfig>("host_rewrite_literal: 'b.test:90'")};
  request("a.test");
  EXPECT_THAT(cache->asked, ElementsAre("b.test:90"));
  EXPECT_EQ(authority(), "b.test:90");
}

TEST_F(ForwardProxyFilterTest, OrTheHeaderThatHasIt) {
  context.levels = {route_config<http_dfp::PerRouteConfig>("host_rewrite_header: 'X-Host'")};
  request("a.test");
  EXPECT_THAT(cache->asked, ElementsAre("of.header:80"));
  EXPECT_EQ(authority(), "of.header");
  context.levels = {route_config<http_dfp::PerRouteConfig>("host_rewrite_header: 'x-missing'")};
  request("a.test");
  EXPECT_EQ(authority(), "a.test");
}

TEST_F(ForwardProxyFilterTest, TheAddressMayBeSaved) {
  cache->know("a.test:80", {"10.0.0.1"});
  request("a.test", "dns_cache_config { name: 'x' } save_upstream_address: true");
  const std::string* saved =
      context.info().extras->filter_state.find("envoy.stream.upstream_address");
  ASSERT_NE(saved, nullptr);
  EXPECT_EQ(*saved, "10.0.0.1:80");
}

TEST_F(ForwardProxyFilterTest, FilterStateOnlyIfItIsAllowed) {
  auto& state = context.info().make_extras(context.arena()).filter_state;
  state.set("envoy.upstream.dynamic_host", "b.test");
  state.set("envoy.upstream.dynamic_port", "8443");
  request("a.test");
  request("a.test", "dns_cache_config { name: 'x' } allow_dynamic_host_from_filter_state: true");
  EXPECT_THAT(cache->asked, ElementsAre("a.test:80", "b.test:8443"));
}

TEST_F(ForwardProxyFilterTest, AfterAFailureItMayHaveToBeAskedForAgain) {
  cache->settings.refresh_after_failure = false;
  cache->know("a.test:80", {"10.0.0.1"}, "", true);
  EXPECT_EQ(request("a.test").kind(), Kind::wait);
}

TEST_F(ForwardProxyFilterTest, NeedsACache) {
  auto refused = try_compile<http_dfp::FilterConfig>("");
  EXPECT_EQ(std::string(refused.status().message()), "dns_cache_config: is needed");
}

class SniForwardProxyTest : public NetworkFilterTest {
 protected:
  SniForwardProxyTest() { compile_context.hosts = cache; }
  NetworkVerdict connect(const std::string& sni, const std::string& text = kNamed) {
    connection.facts.requested_server_name = sni;
    filter = compile<SniConfig>(text)->create();
    return filter->on_new_connection(connection);
  }

  std::shared_ptr<outrigger::test::FakeDnsCache> cache =
      std::make_shared<outrigger::test::FakeDnsCache>();
  FakeConnection connection;
  std::unique_ptr<NetworkFilter> filter;
};

TEST_F(SniForwardProxyTest, WaitsForTheHostOfTheSni) {
  EXPECT_EQ(connect("a.test"), NetworkVerdict::stop);
  EXPECT_THAT(cache->asked, ElementsAre("a.test:443"));
  cache->answer(cache->know("a.test:443", {"10.0.0.1"}));
  EXPECT_EQ(connection.resumes, 1u);
  EXPECT_EQ(*connection.facts.find_filter_state("envoy.upstream.dynamic_port"), "443");
  EXPECT_EQ(connect("a.test"), NetworkVerdict::next) << "it is known now";
}

TEST_F(SniForwardProxyTest, ThePortIsConfiguredOrOfFilterState) {
  connect("a.test", "dns_cache_config { name: 'x' } port_value: 8443");
  connection.facts.make_extras().filter_state.set("envoy.upstream.dynamic_port", "9443");
  connection.facts.make_extras().filter_state.set("envoy.upstream.dynamic_host", "b.test");
  connect("a.test");
  EXPECT_THAT(cache->asked, ElementsAre("a.test:8443", "b.test:9443"));
}

TEST_F(SniForwardProxyTest, WithoutSniItGoesOn) {
  EXPECT_EQ(connect(""), NetworkVerdict::next);
  EXPECT_EQ(connect("a b"), NetworkVerdict::next);
  EXPECT_THAT(cache->asked, IsEmpty());
}

TEST_F(SniForwardProxyTest, ANameWithoutAddressGoesOnToFindNoHost) {
  connect("a.test");
  cache->answer(cache->know("a.test:443", {}, "why"));
  EXPECT_EQ(connection.resumes, 1u);
  EXPECT_FALSE(connection.closed);
}

TEST_F(SniForwardProxyTest, LimitsCloseTheConnection) {
  cache->verdict = DnsCache::Asked::too_many_pending;
  EXPECT_EQ(connect("a.test"), NetworkVerdict::stop);
  EXPECT_TRUE(connection.closed);
}

TEST_F(SniForwardProxyTest, AConnectionThatEndsDoesNotWait) {
  connect("a.test");
  filter->on_close(connection);
  EXPECT_EQ(cache->cancelled, 1u);
  filter.reset();
  EXPECT_EQ(cache->cancelled, 1u);
}

TEST_F(SniForwardProxyTest, TheAddressMayBeSaved) {
  cache->know("a.test:443", {"10.0.0.1"});
  connect("a.test", "dns_cache_config { name: 'x' } save_upstream_address: true");
  EXPECT_EQ(*connection.facts.find_filter_state("envoy.stream.upstream_address"), "10.0.0.1:443");
}

}  // namespace
}  // namespace outrigger::filters::test
