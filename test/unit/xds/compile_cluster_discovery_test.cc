// Clusters that find their endpoints themselves, and how their connections are made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using config::Cluster;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::load_cluster;
using testing::Loaded;

constexpr const char* kNames =
    "load_assignment: {cluster_name: a, endpoints: [{priority: 1, lb_endpoints: [{endpoint: "
    "{hostname: h, address: "
    "{socket_address: {address: svc.test, port_value: 80}}}, load_balancing_weight: 3}]}]}\n";

Loaded with_names(const std::string& extra) {
  std::string text = "static_resources:\n  clusters:\n  - name: a\n    ";
  for (char c : kNames + extra) {
    text += c;
    if (c == '\n') text += "    ";
  }
  return load(text);
}

TEST(CompileDiscovery, StrictDnsWithEnvoysDefaults) {
  Loaded loaded = with_names("type: STRICT_DNS");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const Cluster& cluster = loaded.cluster();
  EXPECT_EQ(cluster.discovery, Cluster::Discovery::strict_dns);
  const config::DnsResolution& dns = *cluster.dns;
  ASSERT_EQ(dns.targets.size(), 1u);
  EXPECT_EQ(dns.targets[0].name, "svc.test");
  EXPECT_EQ(dns.targets[0].port, 80);
  EXPECT_EQ(dns.targets[0].endpoint->hostname, "h");
  EXPECT_EQ(dns.targets[0].endpoint->weight, 3u);
  EXPECT_EQ(dns.localities.at(0).priority, 1u);
  EXPECT_EQ(dns.refresh_rate, milliseconds(5000));
  EXPECT_EQ(dns.failure_base, milliseconds(5000));
  EXPECT_EQ(dns.failure_max, milliseconds(5000));
  EXPECT_TRUE(dns.wait_for_first);
  EXPECT_EQ(dns.family, config::DnsResolution::Family::auto_);
  EXPECT_EQ(cluster.endpoints->localities.size(), 1u);
}

TEST(CompileDiscovery, EveryDnsField) {
  Loaded loaded = with_names(
      "type: LOGICAL_DNS\ndns_refresh_rate: 2s\ndns_jitter: 0.1s\nrespect_dns_ttl: true\n"
      "dns_failure_refresh_rate: {base_interval: 1s}\ndns_lookup_family: ALL\n"
      "wait_for_warm_on_init: false\n"
      "typed_dns_resolver_config: {name: envoy.network.dns_resolver.cares, typed_config: "
      "{\"@type\": type.googleapis.com/"
      "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig, "
      "resolvers: [{socket_address: {protocol: UDP, address: 10.0.0.53, port_value: 53}}], "
      "query_timeout_seconds: 2, query_tries: 3, rotate_nameservers: true, "
      "dns_resolver_options: {use_tcp_for_dns_lookups: true, no_default_search_domain: true}}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::DnsResolution& dns = *loaded.cluster().dns;
  EXPECT_EQ(loaded.cluster().discovery, Cluster::Discovery::logical_dns);
  EXPECT_EQ(dns.refresh_rate, milliseconds(2000));
  EXPECT_EQ(dns.refresh_jitter, milliseconds(100));
  EXPECT_TRUE(dns.respect_ttl);
  EXPECT_EQ(dns.failure_base, milliseconds(1000));
  EXPECT_EQ(dns.failure_max, milliseconds(10000));
  EXPECT_EQ(dns.family, config::DnsResolution::Family::all);
  EXPECT_FALSE(dns.wait_for_first);
  ASSERT_EQ(dns.resolver.servers.size(), 1u);
  EXPECT_EQ(dns.resolver.servers[0].text(), "10.0.0.53:53");
  EXPECT_EQ(dns.resolver.query_timeout, milliseconds(2000));
  EXPECT_EQ(dns.resolver.query_tries, 3u);
  EXPECT_TRUE(dns.resolver.rotate);
  EXPECT_TRUE(dns.resolver.use_tcp);
  EXPECT_TRUE(dns.resolver.no_default_search_domain);
}

TEST(CompileDiscovery, TheBootstrapsResolverHoldsForClustersThatNameNone) {
  Loaded loaded = load(
      "dns_resolution_config: {resolvers: [{socket_address: {address: 10.0.0.9, port_value: "
      "53}}]}\n"
      "static_resources: {clusters: [{name: a, type: STRICT_DNS}, {name: b, type: STRICT_DNS, "
      "dns_resolution_config: {resolvers: [{socket_address: {address: 10.0.0.8, port_value: "
      "53}}]}}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster(0).dns->resolver.servers.at(0).ip_text(), "10.0.0.9");
  EXPECT_EQ(loaded.cluster(1).dns->resolver.servers.at(0).ip_text(), "10.0.0.8");
}

TEST(CompileDiscovery, TheDnsExtensionChoosesOneEndpointOrMany) {
  auto extension = [](const std::string& fields) {
    return with_names(
        "cluster_type: {name: envoy.cluster.dns, typed_config: {\"@type\": "
        "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster, " +
        fields + "}}");
  };
  EXPECT_EQ(extension("dns_lookup_family: V6_ONLY").cluster().discovery,
            Cluster::Discovery::strict_dns);
  Loaded logical =
      extension("all_addresses_in_single_endpoint: true, dns_lookup_family: V4_PREFERRED");
  ASSERT_THAT(logical.errors, IsEmpty());
  EXPECT_EQ(logical.cluster().discovery, Cluster::Discovery::logical_dns);
  EXPECT_EQ(logical.cluster().dns->family, config::DnsResolution::Family::v4_preferred);
}

TEST(CompileDiscovery, ALogicalNameIsOneEndpoint) {
  EXPECT_THAT(load("static_resources: {clusters: [{name: a, type: LOGICAL_DNS}]}").errors,
              ElementsAre(HasSubstr("load_assignment: LOGICAL_DNS clusters must have a single")));
}

TEST(CompileDiscovery, WhatCannotBeIsRefusedByName) {
  EXPECT_THAT(with_names("type: STRICT_DNS\ndns_failure_refresh_rate: {base_interval: 2s, "
                         "max_interval: 1s}")
                  .errors,
              ElementsAre(HasSubstr("dns_failure_refresh_rate: max_interval must not be less")));
  EXPECT_THAT(
      with_names("type: STRICT_DNS\ndns_resolution_config: {resolvers: [{pipe: {path: /x}}]}")
          .errors,
      ElementsAre(HasSubstr("dns_resolution_config.resolvers[0]: is not an IP address")));
  EXPECT_THAT(load("static_resources: {clusters: [{name: a, type: STRICT_DNS, load_assignment: "
                   "{cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: "
                   "{path: /x}}}}]}]}}]}")
                  .errors,
              ElementsAre(HasSubstr("lb_endpoints[0].endpoint.address: a cluster that asks DNS "
                                    "needs a socket_address")));
}

TEST(CompileDiscovery, OriginalDst) {
  Loaded loaded = load(
      "static_resources: {clusters: [{name: a, type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED, "
      "cleanup_interval: 9s, original_dst_lb_config: {use_http_header: true, http_header_name: "
      "x-there, upstream_port_override: 81, metadata_key: {key: f, path: [{key: a}, {key: "
      "b}]}}}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::OriginalDst& original = *loaded.cluster().original_dst;
  EXPECT_EQ(original.cleanup_interval, milliseconds(9000));
  EXPECT_EQ(original.http_header_name, "x-there");
  EXPECT_EQ(original.port_override, 81);
  EXPECT_THAT(original.metadata_key, ElementsAre("f", "a", "b"));
  EXPECT_THAT(load("static_resources: {clusters: [{name: a, type: ORIGINAL_DST}]}").errors,
              ElementsAre(HasSubstr("lb_policy: ROUND_ROBIN is not valid for the type "
                                    "ORIGINAL_DST: only CLUSTER_PROVIDED is")));
  EXPECT_THAT(load_cluster("lb_policy: CLUSTER_PROVIDED").errors,
              ElementsAre(HasSubstr("lb_policy: CLUSTER_PROVIDED is for clusters of the type")));
}

TEST(CompileConnection, SourceAddresses) {
  Loaded loaded = load(
      "cluster_manager: {upstream_bind_config: {source_address: {address: 10.0.0.1, port_value: "
      "0}}}\n"
      "static_resources: {clusters: [{name: a}, {name: b, upstream_bind_config: {freebind: true, "
      "source_address: {address: 10.0.0.2, port_value: 0}, extra_source_addresses: [{address: "
      "{address: '::2', port_value: 0}}]}}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster(0).bind->source.ip_text(), "10.0.0.1");
  EXPECT_EQ(loaded.cluster(1).bind->source.ip_text(), "10.0.0.2");
  EXPECT_TRUE(loaded.cluster(1).bind->freebind);
  EXPECT_EQ(loaded.cluster(1).bind->extra_sources.at(0).ip_text(), "::2");
  EXPECT_THAT(
      load_cluster("upstream_bind_config: {source_address: {address: x, port_value: 0}}").errors,
      ElementsAre(HasSubstr("upstream_bind_config.source_address.address: 'x' is not an "
                            "IP address")));
  EXPECT_THAT(load_cluster("upstream_bind_config: {source_address: {address: 10.0.0.1, "
                           "port_value: 0}, extra_source_addresses: [{address: {address: "
                           "10.0.0.2, port_value: 0}}]}")
                  .errors,
              ElementsAre(HasSubstr("must be of another IP version")));
}

TEST(CompileConnection, SeveralAddressesOfAnEndpointAndTheirOrder) {
  Loaded loaded = load(
      "static_resources: {clusters: [{name: a, upstream_connection_options: "
      "{happy_eyeballs_config: {first_address_family_version: V6, first_address_family_count: 2}}, "
      "load_assignment: {cluster_name: a, endpoints: [{lb_endpoints: [{endpoint: {address: "
      "{socket_address: {address: 10.0.0.1, port_value: 80}}, additional_addresses: [{address: "
      "{socket_address: {address: '::1', port_value: 80}}}]}, metadata: {filter_metadata: {f: "
      "{k: v}}}}]}]}}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_EQ(loaded.cluster().happy_eyeballs.first, config::HappyEyeballs::First::v6);
  EXPECT_EQ(loaded.cluster().happy_eyeballs.first_count, 2u);
  const config::Endpoint& endpoint = *loaded.cluster().endpoints->localities[0].endpoints[0];
  EXPECT_EQ(endpoint.additional_addresses.at(0).text(), "[::1]:80");
  EXPECT_EQ(*endpoint.metadata.filters.find("f")->object()->find("k")->string(), "v");
}

std::string proxy_protocol(const std::string& config) {
  return "transport_socket: {name: p, typed_config: {\"@type\": "
         "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3."
         "ProxyProtocolUpstreamTransport, config: {" +
         config +
         "}, transport_socket: {name: raw, typed_config: {\"@type\": "
         "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}}}";
}

TEST(CompileTransportSocket, ProxyProtocol) {
  Loaded v1 = load_cluster(proxy_protocol("version: V1"));
  ASSERT_THAT(v1.errors, IsEmpty());
  EXPECT_EQ(v1.cluster().transport_socket->proxy_protocol, config::ProxyProtocolVersion::v1);
  EXPECT_EQ(v1.cluster().transport_socket->name, "p");
  Loaded v2 = load_cluster(proxy_protocol(
      "version: V2, pass_through_tlvs: {match_type: INCLUDE, tlv_type: [224]}, added_tlvs: "
      "[{type: 225, value: eA==}]"));
  ASSERT_THAT(v2.errors, IsEmpty());
  const config::TransportSocket& socket = *v2.cluster().transport_socket;
  EXPECT_EQ(socket.proxy_protocol, config::ProxyProtocolVersion::v2);
  EXPECT_THAT(socket.pass_through_tlvs, ElementsAre(224));
  EXPECT_FALSE(socket.pass_all_tlvs);
  EXPECT_EQ(socket.added_tlvs.at(0).value, "x");
  EXPECT_TRUE(load_cluster(proxy_protocol("version: V2, pass_through_tlvs: {}"))
                  .cluster()
                  .transport_socket->pass_all_tlvs);
}

TEST(CompileTransportSocket, TlsHasASlotAndMatchesHaveStatistics) {
  std::string tls =
      "{name: t, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, sni: "
      "b.example}}";
  Loaded loaded = load_cluster("transport_socket: " + tls +
                               "\ntransport_socket_matches: [{name: m, match: {tls: true}, "
                               "transport_socket: " +
                               tls + "}]");
  ASSERT_THAT(loaded.errors, IsEmpty());
  ASSERT_NE(loaded.cluster().transport_socket->tls, nullptr);
  const config::TransportSocketMatch& match = loaded.cluster().transport_socket_matches.at(0);
  EXPECT_NE(match.socket->tls, nullptr);
  EXPECT_EQ(match.stats->prefix(), "cluster.a.m.");
  EXPECT_EQ(loaded.cluster().transport_socket_stats->prefix(), "cluster.a.default.");
}

TEST(CompileTransportSocket, TheProtocolCannotBeAgreedOnWithoutTls) {
  EXPECT_THAT(
      load_cluster("typed_extension_protocol_options: "
                   "{envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {\"@type\": "
                   "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, "
                   "auto_config: {}}}")
          .errors,
      ElementsAre(HasSubstr("transport_socket: auto_config needs a transport socket with ALPN")));
}

TEST(CompileDiscovery, AnAggregateNamesItsClusters) {
  auto with = [](const std::string& policy, const std::string& clusters) {
    return load_cluster(
        "lb_policy: " + policy +
        "\ncluster_type: {name: envoy.clusters.aggregate, typed_config: {\"@type\": "
        "type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig, "
        "clusters: [" +
        clusters + "]}}");
  };
  Loaded loaded = with("CLUSTER_PROVIDED", "b, c");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const Cluster& cluster = loaded.cluster();
  EXPECT_EQ(cluster.discovery, Cluster::Discovery::aggregate);
  ASSERT_EQ(cluster.aggregate.size(), 2u);
  EXPECT_EQ(cluster.aggregate[1].name, "c");
  EXPECT_TRUE(cluster.endpoints->localities.empty());
  EXPECT_THAT(with("ROUND_ROBIN", "b").errors,
              ElementsAre(HasSubstr("lb_policy: only CLUSTER_PROVIDED is valid for an aggregate")));
  EXPECT_THAT(with("CLUSTER_PROVIDED", "").errors, ElementsAre(HasSubstr("clusters")));
}

}  // namespace
}  // namespace outrigger::xds
