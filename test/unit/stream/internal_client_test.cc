#include <memory>

#include <gtest/gtest.h>

#include "proxy/stream/forwarding_headers.h"

namespace outrigger::stream {
namespace {

using http::HeaderId;

// One request's way through apply_forwarding_headers; 10.0.0.0/8 is internal.
struct Passage {
  Passage() {
    config.internal_addresses.ranges.push_back(*net::Cidr::from_ip("10.0.0.0", 8));
    routes.internal_only_headers.push_back("x-inside");
    headers.add("x-envoy-max-retries", "3");
    headers.add("x-envoy-decorator-operation", "op");
    headers.add("x-envoy-internal", "true");
    headers.add("x-inside", "1");
  }
  void from(std::string_view peer) {
    auto address = peer.front() == '/' ? net::Address::from_unix_path(peer)
                                       : net::Address::from_ip(peer, 40000);
    connection.direct_remote = connection.remote = address.value();
    apply_forwarding_headers(config, routes, connection, headers, info, random);
  }
  bool internal() { return headers.get(HeaderId::x_envoy_internal) == "true"; }

  ChunkPool pool;
  Arena arena{pool};
  http::HeaderMap headers{arena};
  config::HttpConnectionManager config;
  config::RouteTable routes;
  DownstreamConnectionInfo connection;
  StreamInfo info;
  Random random{1};
};

TEST(InternalClient, AnInternalClientKeepsWhatOnlyATrustedOneMaySay) {
  Passage request;
  request.config.use_remote_address = true;
  request.from("10.1.2.3");
  EXPECT_TRUE(request.internal());
  EXPECT_EQ(request.headers.get(HeaderId::x_envoy_max_retries), "3");
  EXPECT_EQ(request.headers.get(HeaderId::x_envoy_decorator_operation), "op");
  EXPECT_TRUE(request.headers.get("x-inside") == "1");
  EXPECT_FALSE(request.headers.has(HeaderId::x_envoy_external_address));
}

TEST(InternalClient, AnExternalClientAtTheEdgeKeepsNothing) {
  Passage request;
  request.config.use_remote_address = true;
  request.from("203.0.113.7");
  EXPECT_FALSE(request.headers.has(HeaderId::x_envoy_internal));
  EXPECT_FALSE(request.headers.has(HeaderId::x_envoy_max_retries));
  EXPECT_FALSE(request.headers.has(HeaderId::x_envoy_decorator_operation));
  EXPECT_FALSE(request.headers.get("x-inside") == "1");
  EXPECT_EQ(request.headers.get(HeaderId::x_envoy_external_address), "203.0.113.7");
}

TEST(InternalClient, AnInternalPeerThatSpeaksForAnotherIsNotTrusted) {
  Passage request;
  request.config.use_remote_address = true;
  request.headers.add("x-forwarded-for", "10.9.9.9");
  request.from("10.1.2.3");
  EXPECT_FALSE(request.headers.has(HeaderId::x_envoy_internal));
  EXPECT_FALSE(request.headers.has(HeaderId::x_envoy_max_retries));
}

TEST(InternalClient, BehindTheEdgeASingleForwardedAddressDecides) {
  Passage one;
  one.headers.add("x-forwarded-for", "10.9.9.9");
  one.from("203.0.113.7");
  EXPECT_TRUE(one.internal());
  EXPECT_EQ(one.info.downstream_remote.ip_text(), "10.9.9.9");

  Passage two;
  two.headers.add("x-forwarded-for", "10.9.9.9, 10.9.9.8");
  two.from("10.1.2.3");
  EXPECT_FALSE(two.headers.has(HeaderId::x_envoy_internal));

  Passage none;
  none.from("10.1.2.3");
  EXPECT_FALSE(none.headers.has(HeaderId::x_envoy_internal));
  EXPECT_FALSE(none.headers.has(HeaderId::x_envoy_max_retries));
  // An earlier proxy of ours may have added these.
  EXPECT_TRUE(none.headers.has(HeaderId::x_envoy_decorator_operation));
  EXPECT_FALSE(none.headers.has(HeaderId::x_envoy_external_address));
}

TEST(InternalClient, UnixSocketsAreInternalWhereTheConfigurationSaysSo) {
  for (bool trusted : {false, true}) {
    Passage request;
    request.config.use_remote_address = true;
    request.config.internal_addresses.unix_sockets = trusted;
    request.from("/run/client");
    EXPECT_EQ(request.internal(), trusted);
  }
}

}  // namespace
}  // namespace outrigger::stream
