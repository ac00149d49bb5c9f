// dynamic_forward_proxy: which host a request means, and how long it stays.
#include "proxy/upstream/dynamic_hosts.h"

#include <gtest/gtest.h>

#include "test/unit/support/dns_cache.h"
#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

class ForwardProxy : public PoolTest {
 protected:
  ForwardProxy() {
    config_ = outrigger::test::cluster({});
    config_->discovery = config::Cluster::Discovery::dynamic_forward_proxy;
    config_->dns_cache = cache_;
  }
  WorkerCluster& made() {
    if (cluster_ == nullptr) cluster_ = std::make_unique<WorkerCluster>(config_, loop_, 0, 0);
    return *cluster_;
  }
  std::string pick(const http::HeaderMap* headers) {
    LbContext context;
    context.connection = &info_;
    context.headers = headers;
    host_ = made().pick_host(context);
    return host_ == nullptr ? "none" : host_->endpoint->address.text();
  }
  std::string pick(std::string_view authority) {
    headers_.set(http::HeaderId::authority, authority);
    return pick(&headers_);
  }

  std::shared_ptr<outrigger::test::FakeDnsCache> cache_ =
      std::make_shared<outrigger::test::FakeDnsCache>();
  Arena arena_{loop_.chunks()};
  http::HeaderMap headers_{arena_};
  DownstreamConnectionInfo info_;
  HostRef host_;
};

TEST_F(ForwardProxy, TheHostOfTheRequest) {
  cache_->know("a.test:80", {"10.0.0.1"});
  cache_->know("a.test:90", {"10.0.0.2"});
  EXPECT_EQ(pick("a.test"), "10.0.0.1:80");
  Host* host = host_;
  EXPECT_EQ(pick("A.test:80"), "10.0.0.1:80");
  EXPECT_EQ(host_.get(), host);
  EXPECT_EQ(pick("a.test:90"), "10.0.0.2:90");
  EXPECT_EQ(made().host_count(), 2u);
}

TEST_F(ForwardProxy, WhatTheCacheDoesNotKnowHasNoHost) {
  cache_->know("no.test:80", {}, "why");
  for (const char* name : {"a.test", "no.test", "", "a b", "a:b"})
    EXPECT_EQ(pick(name), "none") << name;
  EXPECT_EQ(made().host_count(), 0u);
}

TEST_F(ForwardProxy, WithTlsThePortIsAnother) {
  auto socket = std::make_shared<config::TransportSocket>();
  socket->tls = std::make_shared<config::TlsContextSlot>();
  config_->transport_socket = socket;
  cache_->know("a.test:443", {"10.0.0.1"});
  EXPECT_EQ(pick("a.test"), "10.0.0.1:443");
}

TEST_F(ForwardProxy, TheSniOfAConnectionWithoutRequests) {
  cache_->know("a.test:80", {"10.0.0.1"});
  cache_->know("a.test:8443", {"10.0.0.2"});
  info_.requested_server_name = "a.test";
  EXPECT_EQ(pick(nullptr), "10.0.0.1:80");
  info_.make_extras().filter_state.set("envoy.upstream.dynamic_port", "8443");
  EXPECT_EQ(pick(nullptr), "10.0.0.2:8443");
  info_.make_extras().filter_state.set("envoy.upstream.dynamic_port", "nonsense");
  EXPECT_EQ(pick(nullptr), "10.0.0.1:80");
}

TEST_F(ForwardProxy, FilterStateComesFirst) {
  cache_->know("a.test:80", {"10.0.0.1"});
  cache_->know("b.test:80", {"10.0.0.2"});
  info_.make_extras().filter_state.set("envoy.upstream.dynamic_host", "b.test");
  EXPECT_EQ(pick("a.test"), "10.0.0.2:80");
}

TEST_F(ForwardProxy, AHostMovesWithItsConnections) {
  cache_->know("a.test:80", {"10.0.0.1"});
  pick("a.test");
  HostRef host = host_;
  made().pool(*host, false, http::Protocol::http11);
  cache_->know("a.test:80", {"10.0.0.2", "10.0.0.3"});
  EXPECT_EQ(pick("a.test"), "10.0.0.2:80");
  EXPECT_EQ(host_.get(), host.get());
  EXPECT_EQ(host->endpoint->additional_addresses.size(), 1u);
}

TEST_F(ForwardProxy, AFailureLeavesTheHostAsItIs) {
  cache_->know("a.test:80", {"10.0.0.1"});
  pick("a.test");
  cache_->know("a.test:80", {}, "failed", true);
  EXPECT_EQ(pick("a.test"), "10.0.0.1:80");
}

TEST_F(ForwardProxy, AHostThatWasGivenUpFinishesWhatItHas) {
  cache_->know("a.test:80", {"10.0.0.1"});
  pick("a.test");
  HostRef host = host_;
  cache_->forget("a.test:80");
  EXPECT_TRUE(host->removed);
  EXPECT_EQ(pick("a.test"), "none");
  cache_->know("a.test:80", {"10.0.0.1"});
  EXPECT_EQ(pick("a.test"), "10.0.0.1:80");
  EXPECT_NE(host_.get(), host.get());
}

TEST_F(ForwardProxy, UseIsNoted) {
  cache_->time = loop_.now() - std::chrono::seconds(1);
  CachedHostPtr known = cache_->know("a.test:80", {"10.0.0.1"});
  MonotonicTime before = known->used->at();
  pick("a.test");
  pick("a.test");
  EXPECT_NE(known->used->at(), before);
}

TEST_F(ForwardProxy, TheNextVersionTakesTheHostsOver) {
  cache_->know("a.test:80", {"10.0.0.1"});
  pick("a.test");
  HostRef host = host_;
  auto next = std::make_unique<WorkerCluster>(config_, loop_, 0, 0, nullptr, cluster_.get());
  LbContext context;
  context.headers = &headers_;
  EXPECT_EQ(next->pick_host(context), host.get());
  EXPECT_EQ(host->owner, next.get());
  host_ = HostRef();
  cluster_.reset();
  EXPECT_FALSE(host->removed);
  host = HostRef();
  cluster_ = std::move(next);
  EXPECT_EQ(cache_->watchers.size(), 1u);
}

TEST_F(ForwardProxy, WithoutACacheThereIsNoHost) {
  config_->dns_cache = nullptr;
  EXPECT_EQ(pick("a.test"), "none");
}

}  // namespace
}  // namespace outrigger::upstream::test
