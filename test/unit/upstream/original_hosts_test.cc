// ORIGINAL_DST: where the address comes from, and how long a host stays.
#include "proxy/upstream/original_hosts.h"

#include <gtest/gtest.h>

#include "test/unit/upstream/pool_fixture.h"

namespace outrigger::upstream::test {
namespace {

class OriginalDst : public PoolTest {
 protected:
  OriginalDst() {
    config_ = outrigger::test::cluster({});
    config_->original_dst = rules_;
    config_->discovery = config::Cluster::Discovery::original_dst;
    info_.local = *net::Address::from_ip("10.1.1.1", 80);
    info_.local_restored = true;
  }
  config::OriginalDst& rules() { return *rules_; }
  std::string pick() {
    if (cluster_ == nullptr) cluster_ = std::make_unique<WorkerCluster>(config_, loop_, 0, 0);
    LbContext context;
    context.connection = &info_;
    context.headers = &headers_;
    host_ = cluster_->pick_host(context);
    return host_ == nullptr ? "none" : host_->endpoint->address.text();
  }

  Arena arena_{loop_.chunks()};
  http::HeaderMap headers_{arena_};
  std::shared_ptr<config::OriginalDst> rules_ = std::make_shared<config::OriginalDst>();
  DownstreamConnectionInfo info_;
  HostRef host_;
};

TEST_F(OriginalDst, TheConnectionsOwnDestination) {
  EXPECT_EQ(pick(), "10.1.1.1:80");
  Host* host = host_;
  EXPECT_EQ(pick(), "10.1.1.1:80");
  EXPECT_EQ(host_.get(), host);
  info_.local_restored = false;
  EXPECT_EQ(pick(), "none") << "a connection that came here on purpose would come here again";
}

TEST_F(OriginalDst, AHeaderOnlyIfItIsAskedFor) {
  headers_.add("x-envoy-original-dst-host", "10.2.2.2:90");
  EXPECT_EQ(pick(), "10.1.1.1:80");
  rules().use_http_header = true;
  EXPECT_EQ(pick(), "10.2.2.2:90");
  rules().http_header_name = "x-other";
  EXPECT_EQ(pick(), "10.1.1.1:80");
}

TEST_F(OriginalDst, WhatIsNoAddressIsCounted) {
  rules().use_http_header = true;
  info_.local_restored = false;
  uint64_t invalid = 0;
  for (const char* text : {"x", "10.0.0.1", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:65536", "::1:80",
                           "[::1:80", ":80", "[]:80", "a.example:80"}) {
    headers_.set("x-envoy-original-dst-host", text);
    EXPECT_EQ(pick(), "none") << text;
    EXPECT_EQ(stats().original_dst_host_invalid.value(), ++invalid) << text;
  }
  headers_.set("x-envoy-original-dst-host", "[::1]:80");
  EXPECT_EQ(pick(), "[::1]:80");
}

TEST_F(OriginalDst, MetadataAndFilterState) {
  rules().metadata_key = {"my.filter", "a", "b"};
  info_.make_extras().metadata.of("my.filter")["a"].make_object()["b"] =
      MetadataValue(std::string("10.3.3.3:1"));
  EXPECT_EQ(pick(), "10.3.3.3:1");
  info_.make_extras().filter_state.set("envoy.network.transport_socket.original_dst_address",
                                       "10.4.4.4:2");
  EXPECT_EQ(pick(), "10.4.4.4:2");
}

TEST_F(OriginalDst, ThePortMayBeReplaced) {
  rules().port_override = 8443;
  EXPECT_EQ(pick(), "10.1.1.1:8443");
}

TEST_F(OriginalDst, AHostThatIsNotUsedGoesAfterTheSecondCleanup) {
  pick();
  loop_.advance(rules().cleanup_interval);
  EXPECT_FALSE(host_->removed) << "it was used";
  loop_.advance(rules().cleanup_interval);
  EXPECT_TRUE(host_->removed);
}

TEST_F(OriginalDst, AHostWithConnectionsStays) {
  pick();
  Request request(cluster_->pool(*host_, false, http::Protocol::http11));
  request.start();
  peer(0).accept();
  EXPECT_EQ(peer(0).options().address.text(), "10.1.1.1:80");
  loop_.advance(rules().cleanup_interval * 3);
  EXPECT_FALSE(host_->removed);
  peer(0).send(kOk);
  peer(0).close();
  loop_.advance(rules().cleanup_interval);
  EXPECT_TRUE(host_->removed);
}

}  // namespace
}  // namespace outrigger::upstream::test
