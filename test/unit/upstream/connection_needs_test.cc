// What tells connections to the same host apart.
#include "proxy/upstream/connection_needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/upstream/conn_pool.h"
#include "test/unit/support/cluster.h"

namespace outrigger::upstream::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Needs : public ::testing::Test {
 protected:
  Needs() { socket_->tls = std::make_shared<config::TlsContextSlot>(); }

  ConnectionNeeds find() {
    Host host(outrigger::test::endpoint(80), 0, socket_);
    return find_needs(*cluster_, host, {connection_ ? &info_ : nullptr, nullptr, &headers_});
  }
  void authority(std::string_view value) { headers_.set(http::HeaderId::authority, value); }

  ChunkPool chunks_;
  Arena arena_{chunks_};
  http::HeaderMap headers_{arena_};
  DownstreamConnectionInfo info_;
  bool connection_ = true;
  std::shared_ptr<config::TransportSocket> socket_ = std::make_shared<config::TransportSocket>();
  std::shared_ptr<config::Cluster> cluster_ = outrigger::test::cluster({});
};

TEST_F(Needs, NothingSpecialHasNoIdentity) {
  authority("a.example");
  EXPECT_EQ(find().identity(), "");
}

TEST_F(Needs, AutoSniTakesTheNameOfTheRequest) {
  cluster_->http.edit().auto_sni = true;
  authority("a.example:8443");
  EXPECT_EQ(find().sni, "a.example");
  EXPECT_THAT(find().verify_names, IsEmpty());
  cluster_->http.edit().auto_san_validation = true;
  EXPECT_THAT(find().verify_names, ElementsAre("a.example"));
}

TEST_F(Needs, AnAddressIsVerifiedButIsNoServerName) {
  config::UpstreamHttp& http = cluster_->http.edit();
  http.auto_sni = http.auto_san_validation = true;
  for (const char* host : {"10.0.0.1:80", "[::1]:80", "[::1]"}) {
    authority(host);
    EXPECT_EQ(find().sni, "") << host;
  }
  EXPECT_THAT(find().verify_names, ElementsAre("::1"));
  for (const char* host : {"", "[", "[]", ":80"}) {
    authority(host);
    find();  // nothing breaks
  }
}

TEST_F(Needs, TheNamedHeaderGoesBeforeTheAuthority) {
  cluster_->http.edit().auto_sni = true;
  cluster_->http.edit().override_auto_sni_header = "x-sni";
  authority("a.example");
  EXPECT_EQ(find().sni, "a.example");
  headers_.add("x-sni", "b.example");
  EXPECT_EQ(find().sni, "b.example");
}

TEST_F(Needs, FilterStateGoesBeforeTheRequest) {
  config::UpstreamHttp& http = cluster_->http.edit();
  http.auto_sni = http.auto_san_validation = true;
  authority("a.example");
  FilterState& state = info_.make_extras().filter_state;
  state.set("envoy.network.upstream_server_name", "s.example");
  state.set("envoy.network.upstream_subject_alt_names", "one,two");
  state.set("envoy.network.application_protocols", "h2,istio");
  ConnectionNeeds needs = find();
  EXPECT_EQ(needs.sni, "s.example");
  EXPECT_THAT(needs.verify_names, ElementsAre("one", "two"));
  EXPECT_THAT(needs.alpn, ElementsAre("h2", "istio"));
}

TEST_F(Needs, APlainSocketNeedsNoNames) {
  socket_->tls = nullptr;
  cluster_->http.edit().auto_sni = true;
  authority("a.example");
  EXPECT_EQ(find().identity(), "");
}

TEST_F(Needs, TheClientsAddressAndTheConnectionCount) {
  info_.id = 7;
  info_.make_extras().upstream_source = SourceAddress{*net::Address::from_ip("192.0.2.9", 5), 3};
  ConnectionNeeds needs = find();
  EXPECT_EQ(needs.source.text(), "192.0.2.9:5");
  EXPECT_EQ(needs.mark, 3u);
  EXPECT_EQ(needs.downstream_connection, 0u);
  cluster_->connection_pool_per_downstream_connection = true;
  EXPECT_EQ(find().downstream_connection, 7u);
  connection_ = false;
  EXPECT_EQ(find().identity(), "");
}

TEST_F(Needs, DifferentNeedsHaveDifferentIdentities) {
  ConnectionNeeds a, b;
  a.sni = "ab";
  b.verify_names = {"ab"};
  EXPECT_NE(a.identity(), b.identity());
  a = b = {};
  a.verify_names = {"a", "b"};
  b.verify_names = {"a1:b"};
  EXPECT_NE(a.identity(), b.identity());
  a = b = {};
  a.alpn = {"x"};
  b.verify_names = {"x"};
  EXPECT_NE(a.identity(), b.identity());
  a = b = {};
  a.mark = 1;
  b.downstream_connection = 1;
  EXPECT_NE(a.identity(), b.identity());
}

}  // namespace
}  // namespace outrigger::upstream::test
