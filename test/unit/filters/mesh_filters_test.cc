#include "absl/strings/escaping.h"

#include "envoy/extensions/filters/network/ext_authz/v3/ext_authz.pb.h"

#include "api/peer_exchange.h"
#include "api/struct_wire.h"
#include "istio_alpn.pb.h"
#include "istio_metadata_exchange.pb.h"
#include "istio_peer_metadata.pb.h"
#include "test/unit/filters/fake_connection.h"
#include "test/unit/filters/fixture.h"
#include "test/unit/support/tls.h"

namespace outrigger::filters::test {
namespace {

using Alpn = istio::envoy::config::filter::http::alpn::v2alpha1::FilterConfig;
using Exchange = envoy::tcp::metadataexchange::config::MetadataExchange;
using PeerConfig = io::istio::http::peer_metadata::Config;
using envoy::extensions::filters::network::ext_authz::v3::ExtAuthz;

constexpr const char* kOverrides =
    "alpn_override { upstream_protocol: HTTP10 alpn_override: 'istio-http/1.0' }"
    "alpn_override { upstream_protocol: HTTP11 alpn_override: 'istio-http/1.1' "
    "                alpn_override: 'istio' }"
    "alpn_override { upstream_protocol: HTTP2 alpn_override: 'istio-h2' alpn_override: 'h2' }";

class AlpnOverride : public FilterTest {
 protected:
  // What the upstream's handshake offers; "-": what the cluster says.
  std::string offered(config::UpstreamHttp::Version version, http::Protocol downstream) {
    context.cluster_configs["backend"].http.edit().version = version;
    context.info().protocol = downstream;
    context.info().extras = nullptr;
    HttpFilter& filter = make<Alpn>(kOverrides);
    filter.on_request_headers(context, context.make_request({{":path", "/"}}), true);
    const StreamExtras* extras = context.info().extras.get();
    const std::string* found =
        extras == nullptr ? nullptr
                          : extras->filter_state.find("envoy.network.application_protocols");
    return found == nullptr ? "-" : *found;
  }
};

TEST_F(AlpnOverride, GoesByTheProtocolTowardsTheUpstream) {
  using Version = config::UpstreamHttp::Version;
  EXPECT_EQ(offered(Version::http1, http::Protocol::http2), "istio-http/1.1,istio");
  EXPECT_EQ(offered(Version::http2, http::Protocol::http11), "istio-h2,h2");
  EXPECT_EQ(offered(Version::downstream, http::Protocol::http2), "istio-h2,h2");
  EXPECT_EQ(offered(Version::downstream, http::Protocol::http11), "istio-http/1.1,istio");
  EXPECT_EQ(offered(Version::downstream, http::Protocol::http10), "istio-http/1.0");
  EXPECT_EQ(offered(Version::alpn, http::Protocol::http11), "istio-h2,h2");
}

TEST_F(AlpnOverride, LeavesRequestsWithoutAClusterAlone) {
  HttpFilter& filter = make<Alpn>(kOverrides);
  context.info().protocol = http::Protocol::http11;
  filter.on_request_headers(context, context.make_request({}), true);  // no such cluster
  context.has_route = false;
  filter.on_request_headers(context, context.make_request({}), true);
  EXPECT_EQ(context.info().extras, nullptr);
}

class PeerMetadataHeaders : public FilterTest {
 protected:
  PeerMetadataHeaders() {
    config::NodeIdentity& node = compile_context.node_identity;
    node.id = "sidecar~10.0.0.1~a.demo~demo.svc.cluster.local";
    node.metadata["NAME"] = MetadataValue(std::string("a"));
    node.metadata["LABELS"].make_object()["app"] = MetadataValue(std::string("client"));
  }
  static std::string header_of(const char* name) {
    MetadataStruct metadata;
    metadata["NAME"] = MetadataValue(std::string(name));
    return absl::Base64Escape(encode_struct(metadata));
  }
  std::string state(std::string_view name) {
    const StreamExtras* extras = context.info().extras.get();
    const std::string* found = extras == nullptr ? nullptr : extras->filter_state.find(name);
    return found == nullptr ? "" : *found;
  }
};

constexpr const char* kInbound =
    "downstream_discovery { istio_headers {} } downstream_discovery { workload_discovery {} }"
    "downstream_propagation { istio_headers {} }";
constexpr const char* kOutbound =
    "upstream_discovery { istio_headers {} } upstream_discovery { workload_discovery {} }"
    "upstream_propagation { istio_headers {} }";

TEST_F(PeerMetadataHeaders, OutboundTellsAndLearns) {
  HttpFilter& filter = make<PeerConfig>(kOutbound);
  auto& request = context.make_request({{":path", "/"}});
  filter.on_request_headers(context, request, true);
  EXPECT_EQ(request.get("x-envoy-peer-metadata-id"), compile_context.node_identity.id);
  std::string sent;
  std::string_view header = request.get("x-envoy-peer-metadata");
  ASSERT_TRUE(absl::Base64Unescape({header.data(), header.size()}, &sent));
  EXPECT_EQ(PeerMetadata::of(*decode_struct(sent), {}).text(), R"({"app":"client","name":"a"})");

  auto& response = context.make_response({{":status", "200"},
                                          {"x-envoy-peer-metadata-id", "sidecar~b"},
                                          {"x-envoy-peer-metadata", header_of("b")}});
  filter.on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-envoy-peer-metadata"), "");
  EXPECT_EQ(response.get("x-envoy-peer-metadata-id"), "");
  EXPECT_EQ(state("upstream_peer"), R"({"name":"b"})");
  EXPECT_EQ(state("downstream_peer"), "");
}

TEST_F(PeerMetadataHeaders, InboundLearnsAndAnswersWhoToldItOfItself) {
  HttpFilter& filter = make<PeerConfig>(kInbound);
  auto& request = context.make_request(
      {{"x-envoy-peer-metadata-id", "sidecar~b"}, {"x-envoy-peer-metadata", header_of("b")}});
  filter.on_request_headers(context, request, true);
  EXPECT_EQ(request.get("x-envoy-peer-metadata"), "");
  EXPECT_EQ(state("downstream_peer"), R"({"name":"b"})");
  auto& response = context.make_response({{":status", "200"}});
  filter.on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-envoy-peer-metadata-id"), compile_context.node_identity.id);
  EXPECT_NE(response.get("x-envoy-peer-metadata"), "");
}

TEST_F(PeerMetadataHeaders, InboundTellsAStrangerNothing) {
  HttpFilter& filter = make<PeerConfig>(kInbound);
  filter.on_request_headers(context, context.make_request({{":path", "/"}}), true);
  auto& response = context.make_response({{":status", "200"}});
  filter.on_response_headers(context, response, true);
  EXPECT_EQ(response.get("x-envoy-peer-metadata"), "");
  EXPECT_EQ(response.get("x-envoy-peer-metadata-id"), "");
}

TEST_F(PeerMetadataHeaders, TakesAwayWhatItCannotRead) {
  HttpFilter& filter = make<PeerConfig>(kInbound);
  for (const char* value : {"***", "/////w==", "AAAA"}) {
    auto& request = context.make_request({{"x-envoy-peer-metadata", value}});
    filter.on_request_headers(context, request, true);
    EXPECT_EQ(request.get("x-envoy-peer-metadata"), "");
    EXPECT_EQ(state("downstream_peer"), "");
  }
}

TEST_F(PeerMetadataHeaders, ClustersMayWantNone) {
  auto told = [&](const char* config) {
    HttpFilter& filter = make<PeerConfig>(config);
    auto& request = context.make_request({});
    filter.on_request_headers(context, request, true);
    return !request.get("x-envoy-peer-metadata-id").empty();
  };
  const char* kSkipExternal =
      "upstream_propagation { istio_headers { skip_external_clusters: true } }";
  MetadataStruct& istio = context.cluster_configs["backend"].metadata.of("istio");
  EXPECT_TRUE(told(kSkipExternal));
  istio["external"] = MetadataValue(true);
  EXPECT_TRUE(told(kOutbound));
  EXPECT_FALSE(told(kSkipExternal));
  istio["disable_mx"] = MetadataValue(true);
  EXPECT_FALSE(told(kOutbound));
}

class MetadataExchange : public NetworkFilterTest {
 protected:
  MetadataExchange() {
    agreed.alpn_text = "istio-peer-exchange";
    other.alpn_text = "istio";
  }
  std::unique_ptr<NetworkFilter> filter() {
    compile_context.node_identity.id = "sidecar~a";
    return compile<Exchange>("protocol: 'istio-peer-exchange' enable_discovery: true")->create();
  }
  static std::string hello_of(const char* name) {
    MetadataStruct metadata;
    metadata["NAME"] = MetadataValue(std::string(name));
    return peer_hello("sidecar~b", metadata, {});
  }
  FakeConnection connection;
  outrigger::test::FakeTls agreed, other;
};

TEST_F(MetadataExchange, TellsAndLearnsWhereTheHandshakeAgreed) {
  auto under_test = filter();
  connection.facts.tls = &agreed;
  std::string all = hello_of("b") + "ping";
  Bytes first = Bytes(all).substr(0, 5);
  EXPECT_EQ(under_test->on_data(connection, first, false), NetworkVerdict::next);
  EXPECT_EQ(first, "");
  EXPECT_EQ(connection.written, peer_hello("sidecar~a", {}, {}));
  Bytes second = Bytes(all).substr(5);
  under_test->on_data(connection, second, false);
  EXPECT_EQ(second, "ping");
  EXPECT_EQ(*connection.facts.find_filter_state("downstream_peer"), R"({"name":"b"})");
  Bytes third = "pong";
  under_test->on_data(connection, third, false);
  EXPECT_EQ(third, "pong");
  EXPECT_EQ(stat("metadata_exchange.alpn_protocol_found"), 1);
  EXPECT_EQ(stat("metadata_exchange.metadata_added"), 1);
}

TEST_F(MetadataExchange, LeavesEveryOtherConnectionAlone) {
  for (const TlsConnection* tls :
       {static_cast<const TlsConnection*>(nullptr), static_cast<const TlsConnection*>(&other)}) {
    auto under_test = filter();
    connection.facts.tls = tls;
    std::string hello = hello_of("b");
    Bytes data = hello;
    under_test->on_data(connection, data, false);
    under_test->on_write(connection, "answer");
    EXPECT_EQ(data, hello);
    EXPECT_EQ(connection.written, "");
  }
  EXPECT_EQ(stat("metadata_exchange.alpn_protocol_not_found"), 2);
}

TEST_F(MetadataExchange, TellsBeforeAServerThatSpeaksFirst) {
  auto under_test = filter();
  connection.facts.tls = &agreed;
  under_test->on_write(connection, "banner");
  EXPECT_EQ(connection.written, peer_hello("sidecar~a", {}, {}));
  under_test->on_write(connection, "more");
  EXPECT_EQ(connection.written, peer_hello("sidecar~a", {}, {}));
}

TEST_F(MetadataExchange, TakesOffTheHelloThoughTheServerSpokeBeforeTheHandshakeWasOver) {
  auto under_test = filter();
  under_test->on_write(connection, "banner");
  connection.facts.tls = &agreed;
  under_test->on_write(connection, "more");
  std::string all = hello_of("b") + "ping";
  Bytes data = all;
  under_test->on_data(connection, data, false);
  EXPECT_EQ(data, "ping");
  EXPECT_EQ(connection.written, "");
}

TEST_F(MetadataExchange, PassesWhatIsNoHello) {
  auto under_test = filter();
  connection.facts.tls = &agreed;
  Bytes data = "GET / HTTP/1.1";
  under_test->on_data(connection, data, false);
  EXPECT_EQ(data, "GET / HTTP/1.1");
  EXPECT_EQ(stat("metadata_exchange.initial_header_not_found"), 1);
}

TEST_F(MetadataExchange, PassesHalfAHelloWhenThePeerIsDone) {
  auto under_test = filter();
  connection.facts.tls = &agreed;
  std::string half = hello_of("b").substr(0, 6);
  Bytes data = half;
  under_test->on_data(connection, data, true);
  EXPECT_EQ(data, half);
}

TEST_F(MetadataExchange, CutsOffWhoAnnouncesTooMuch) {
  auto under_test = filter();
  connection.facts.tls = &agreed;
  std::string octets("\x3d\x23\x04\x67\x7f\0\0\0", 8);
  Bytes data = octets;
  EXPECT_EQ(under_test->on_data(connection, data, false), NetworkVerdict::stop);
  EXPECT_TRUE(connection.closed);
}

class NetworkExtAuthz : public NetworkFilterTest {
 protected:
  NetworkVerdict run(const std::string& config) {
    filter = compile<ExtAuthz>(config)->create();
    Bytes data = "x";
    return filter->on_data(connection, data, false);
  }
  std::unique_ptr<NetworkFilter> filter;
  FakeConnection connection;
};

TEST_F(NetworkExtAuthz, DecidesAsWithoutAnAnswerOfTheService) {
  EXPECT_EQ(run("stat_prefix: 'a' failure_mode_allow: true"), NetworkVerdict::next);
  EXPECT_FALSE(connection.closed);
  EXPECT_EQ(run("stat_prefix: 'a'"), NetworkVerdict::stop);
  EXPECT_TRUE(connection.closed);
  EXPECT_EQ(connection.facts.extras->connection_termination_details, "ext_authz_error");
  EXPECT_EQ(stat("ext_authz.a.failure_mode_allowed"), 1);
  EXPECT_EQ(stat("ext_authz.a.cx_closed"), 1);
  EXPECT_EQ(stat("ext_authz.a.total"), 2);
}

TEST_F(NetworkExtAuthz, IsForConnectionsThatAPolicyMeansOnly) {
  const char* kOfPolicy =
      "stat_prefix: 'a' filter_enabled_metadata { filter: 'envoy.filters.network.rbac' "
      "path { key: 'shadow_effective_policy_id' } value { string_match { prefix: 'istio-' } } }";
  EXPECT_EQ(run(kOfPolicy), NetworkVerdict::next);
  EXPECT_EQ(stat("ext_authz.a.disabled"), 1);
  connection.facts.make_extras().metadata.of(
      "envoy.filters.network.rbac")["shadow_effective_policy_id"] =
      MetadataValue(std::string("istio-ext-authz-a"));
  EXPECT_EQ(run(kOfPolicy), NetworkVerdict::stop);
}

}  // namespace
}  // namespace outrigger::filters::test
