#include "xds/compile_cluster.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using config::UpstreamHttp;
using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load;
using testing::load_cluster;
using testing::Loaded;

std::string http_options(const std::string& fields) {
  return "typed_extension_protocol_options: "
         "{envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {\"@type\": "
         "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, " +
         fields + "}}";
}

Loaded with_endpoints(const std::string& endpoints) {
  return load(
      "static_resources: {clusters: [{name: a, load_assignment: {cluster_name: a, endpoints: [" +
      endpoints + "]}}]}");
}

TEST(CompileCluster, DefaultsAreEnvoys) {
  Loaded loaded = load_cluster("");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Cluster& cluster = loaded.cluster();
  EXPECT_EQ(cluster.ref.name, "a");
  EXPECT_EQ(cluster.connect_timeout, milliseconds(5000));
  EXPECT_EQ(cluster.buffer_limit_bytes, 1024u * 1024u);
  EXPECT_EQ(cluster.balancer, config::Cluster::Balancer::round_robin);
  EXPECT_EQ(cluster.panic_threshold, 50.0);
  EXPECT_EQ(cluster.circuit_breakers[0].max_connections, 1024u);
  EXPECT_EQ(cluster.circuit_breakers[1].max_retries, 3u);
  EXPECT_EQ(cluster.http->version, UpstreamHttp::Version::http1);
  EXPECT_EQ(cluster.http->idle_timeout, milliseconds(hours(1)));
  EXPECT_EQ(cluster.http->http1.limits.max_bytes, 60u * 1024u);
  EXPECT_FALSE(cluster.tcp_keepalive.has_value());
}

TEST(CompileCluster, EndpointsOfEveryKindOfAddress) {
  Loaded loaded = with_endpoints(R"(
    {locality: {region: r, zone: z}, priority: 1, load_balancing_weight: 3, lb_endpoints: [
      {endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}, hostname: h}, load_balancing_weight: 7},
      {endpoint: {address: {socket_address: {address: '::1', port_value: 80}}}, health_status: DRAINING},
      {endpoint: {address: {pipe: {path: /run/x}}}, health_status: DEGRADED}]})");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::LocalityEndpoints& locality = loaded.cluster().endpoints->localities.at(0);
  EXPECT_EQ(locality.locality.zone, "z");
  EXPECT_EQ(locality.priority, 1u);
  EXPECT_EQ(locality.weight, 3u);
  EXPECT_EQ(locality.endpoints[0]->address.text(), "10.0.0.1:80");
  EXPECT_EQ(locality.endpoints[0]->hostname, "h");
  EXPECT_EQ(locality.endpoints[0]->weight, 7u);
  EXPECT_EQ(locality.endpoints[1]->address.text(), "[::1]:80");
  EXPECT_EQ(locality.endpoints[1]->health, config::Endpoint::Health::unhealthy);
  EXPECT_EQ(locality.endpoints[2]->address.text(), "/run/x");
  EXPECT_EQ(locality.endpoints[2]->health, config::Endpoint::Health::degraded);
  EXPECT_NE(locality.endpoints[2]->stats, nullptr);
}

TEST(CompileCluster, RefusesAddressesThatAreNone) {
  EXPECT_THAT(with_endpoints("{lb_endpoints: [{endpoint: {address: {socket_address: {address: "
                             "example.com, port_value: 80}}}}]}")
                  .errors,
              ElementsAre(HasSubstr("load_assignment.endpoints[0].lb_endpoints[0].endpoint.address."
                                    "socket_address.address: 'example.com' is "
                                    "not an IP address, line 1")));
  EXPECT_THAT(with_endpoints("{lb_endpoints: [{endpoint: {address: {socket_address: {protocol: "
                             "UDP, address: '::1', port_value: 80}}}}]}")
                  .errors,
              ElementsAre(HasSubstr("socket_address.protocol: UDP is not supported")));
  EXPECT_THAT(with_endpoints("{lb_endpoints: [{endpoint: {address: {pipe: {path: " +
                             std::string(200, 'x') + "}}}}]}")
                  .errors,
              ElementsAre(HasSubstr("endpoint.address.pipe.path: is too long")));
  EXPECT_THAT(with_endpoints("{lb_endpoints: [{}]}").errors,
              ElementsAre(HasSubstr("lb_endpoints[0].endpoint: value is required")));
}

TEST(CompileCluster, RefusesWeightsThatOverflow) {
  EXPECT_THAT(with_endpoints("{lb_endpoints: [{load_balancing_weight: 4294967295, endpoint: "
                             "{address: {pipe: {path: /a}}}}, "
                             "{endpoint: {address: {pipe: {path: /b}}}}]}")
                  .errors,
              ElementsAre(HasSubstr("lb_endpoints: the sum of weights is above 4294967295")));
}

TEST(CompileCluster, OfSeveralThresholdsOfOnePriorityTheFirstCounts) {
  Loaded loaded = load_cluster(
      "circuit_breakers: {thresholds: [{max_connections: 5}, {priority: HIGH, max_requests: 6, "
      "track_remaining: true}, "
      "{max_connections: 7, max_retries: 8}]}");
  EXPECT_EQ(loaded.cluster().circuit_breakers[0].max_connections, 5u);
  EXPECT_EQ(loaded.cluster().circuit_breakers[0].max_retries, 3u);
  EXPECT_EQ(loaded.cluster().circuit_breakers[1].max_requests, 6u);
  EXPECT_NE(loaded.cluster().circuit_breakers[1].remaining_stats, nullptr);
  EXPECT_EQ(loaded.cluster().circuit_breakers[0].remaining_stats, nullptr);
}

TEST(CompileCluster, OfAHostOnlyConnectionsAreLimited) {
  Loaded loaded = load_cluster(
      "circuit_breakers: {per_host_thresholds: [{max_connections: 5}, {priority: HIGH, "
      "max_connections: 6}, {max_connections: 7}]}");
  EXPECT_EQ(loaded.cluster().circuit_breakers[0].max_connections_per_host, 5u);
  EXPECT_EQ(loaded.cluster().circuit_breakers[1].max_connections_per_host, 6u);
  EXPECT_EQ(load_cluster("").cluster().circuit_breakers[0].max_connections_per_host, std::nullopt);
  for (const char* other : {"max_requests: 1", "max_pending_requests: 1", "max_retries: 1",
                            "max_connection_pools: 1", "retry_budget: {}"}) {
    EXPECT_THAT(
        load_cluster(std::string("circuit_breakers: {per_host_thresholds: [{") + other + "}]}")
            .errors,
        ElementsAre(HasSubstr("circuit_breakers.per_host_thresholds[0]: only "
                              "max_connections can be limited by host")))
        << other;
  }
}

TEST(CompileCluster, RequestsThatAreDropped) {
  auto with_policy = [](const std::string& policy) {
    return load(
        "static_resources: {clusters: [{name: a, load_assignment: {cluster_name: a, policy: {" +
        policy + "}}}]}");
  };
  Loaded loaded = with_policy(
      "overprovisioning_factor: 200, drop_overloads: [{category: c, drop_percentage: {numerator: "
      "5, denominator: TEN_THOUSAND}}]");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::EndpointSet& endpoints = *loaded.cluster().endpoints;
  EXPECT_EQ(endpoints.overprovisioning_percent, 200u);
  EXPECT_EQ(endpoints.drop_overload->category, "c");
  EXPECT_EQ(endpoints.drop_overload->per_million, 500u);
  EXPECT_EQ(with_policy("drop_overloads: [{category: c, drop_percentage: {}}]")
                .cluster()
                .endpoints->drop_overload,
            nullptr);
  EXPECT_THAT(with_policy("drop_overloads: [{category: c}, {category: d}]").errors,
              ElementsAre(HasSubstr("policy.drop_overloads: has 2 categories: there can be one")));
}

TEST(CompileCluster, WhatIsMeasuredOfRequests) {
  EXPECT_EQ(load_cluster("").cluster().timeout_budget_stats, nullptr);
  EXPECT_EQ(load_cluster("").cluster().message_size_stats, nullptr);
  Loaded budgets = load_cluster("track_cluster_stats: {timeout_budgets: true}");
  EXPECT_NE(budgets.cluster().timeout_budget_stats, nullptr);
  EXPECT_EQ(budgets.cluster().message_size_stats, nullptr);
  EXPECT_NE(load_cluster("track_timeout_budgets: true").cluster().timeout_budget_stats, nullptr);
  EXPECT_NE(load_cluster("track_cluster_stats: {request_response_sizes: true}")
                .cluster()
                .message_size_stats,
            nullptr);
}

TEST(CompileCluster, ConnectionsThatAreMadeBeforeTheyAreNeeded) {
  EXPECT_EQ(load_cluster("").cluster().preconnect_ratio, 1);
  EXPECT_EQ(load_cluster("preconnect_policy: {per_upstream_preconnect_ratio: 2.5}")
                .cluster()
                .preconnect_ratio,
            2.5);
  EXPECT_THAT(load_cluster("preconnect_policy: {predictive_preconnect_ratio: 2}").errors,
              ElementsAre(HasSubstr("predictive_preconnect_ratio")));
}

TEST(CompileCluster, BalancersByPolicyAndByList) {
  using Balancer = config::Cluster::Balancer;
  EXPECT_EQ(load_cluster("lb_policy: RANDOM").cluster().balancer, Balancer::random);
  Loaded least =
      load_cluster("lb_policy: LEAST_REQUEST\nleast_request_lb_config: {choice_count: 5}");
  EXPECT_EQ(least.cluster().balancer, Balancer::least_request);
  EXPECT_EQ(least.cluster().least_request_choices, 5u);
  auto list = [](const std::string& policies) {
    return load_cluster("load_balancing_policy: {policies: [" + policies + "]}");
  };
  auto policy = [](const std::string& type) {
    return "{typed_extension_config: {name: x, typed_config: {\"@type\": "
           "type.googleapis.com/envoy.extensions.load_balancing_policies." +
           type + "}}}";
  };
  EXPECT_EQ(list(policy("random.v3.Random") + ", " + policy("round_robin.v3.RoundRobin"))
                .cluster()
                .balancer,
            Balancer::random);
  EXPECT_EQ(list(policy("round_robin.v3.RoundRobin")).cluster().balancer, Balancer::round_robin);
  EXPECT_EQ(list(policy("least_request.v3.LeastRequest, choice_count: 4"))
                .cluster()
                .least_request_choices,
            4u);
  EXPECT_THAT(list("").errors,
              ElementsAre(HasSubstr("load_balancing_policy: names no policy that is supported")));
  Loaded ring = list(policy("ring_hash.v3.RingHash"));
  ASSERT_THAT(ring.errors, IsEmpty());
  EXPECT_EQ(ring.cluster().balancer, Balancer::ring_hash);
}

TEST(CompileCluster, RefusesByNameWhatComesLater) {
  EXPECT_THAT(load_cluster("transport_socket: {name: starttls}").errors,
              ElementsAre(HasSubstr("transport_socket: 'starttls' is not supported")));
}

TEST(CompileCluster, APlainTransportSocketIsNone) {
  EXPECT_THAT(
      load_cluster(
          "transport_socket: {name: raw, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}}")
          .errors,
      IsEmpty());
}

TEST(CompileCluster, ProtocolOptions) {
  Loaded loaded =
      load_cluster(http_options("common_http_protocol_options: {idle_timeout: 5s, "
                                "max_requests_per_connection: 9, max_headers_count: 7, "
                                "max_response_headers_kb: 3}, explicit_http_config: "
                                "{http2_protocol_options: {max_concurrent_streams: 11, "
                                "connection_keepalive: {interval: 2s, timeout: 1s}}}"));
  ASSERT_THAT(loaded.errors, IsEmpty());
  const UpstreamHttp& http = *loaded.cluster().http;
  EXPECT_EQ(http.version, UpstreamHttp::Version::http2);
  EXPECT_EQ(http.idle_timeout, milliseconds(5000));
  EXPECT_EQ(http.max_requests_per_connection, 9u);
  EXPECT_EQ(http.http2.limits.max_fields, 7u);
  EXPECT_EQ(http.http2.limits.max_bytes, 3u * 1024u);
  EXPECT_EQ(http.http2.max_concurrent_streams, 11u);
  EXPECT_EQ(http.http2.ping_interval, milliseconds(2000));
  EXPECT_EQ(http.http2.ping_timeout, milliseconds(1000));
  EXPECT_EQ(http.http2.ping_jitter_percent, 15u);
}

TEST(CompileCluster, TheProtocolMayBeTheDownstreams) {
  Loaded loaded =
      load_cluster(http_options("use_downstream_protocol_config: {http_protocol_options: "
                                "{header_key_format: {proper_case_words: {}}}}"));
  EXPECT_EQ(loaded.cluster().http->version, UpstreamHttp::Version::downstream);
  EXPECT_EQ(loaded.cluster().http->http1.header_case, http::HeaderCase::proper);
}

TEST(CompileCluster, AnIdleTimeoutOfZeroIsNone) {
  Loaded loaded =
      load_cluster(http_options("common_http_protocol_options: {idle_timeout: 0s}, "
                                "explicit_http_config: {http_protocol_options: {}}"));
  EXPECT_EQ(loaded.cluster().http->idle_timeout, std::nullopt);
}

TEST(CompileCluster, OptionsOfTheClusterItselfStillWorkButTypedOnesWin) {
  Loaded old = load_cluster(
      "http2_protocol_options: {}\ncommon_http_protocol_options: {idle_timeout: "
      "3s}\nmax_requests_per_connection: 4");
  ASSERT_THAT(old.errors, IsEmpty());
  EXPECT_EQ(old.cluster().http->version, UpstreamHttp::Version::http2);
  EXPECT_EQ(old.cluster().http->idle_timeout, milliseconds(3000));
  EXPECT_EQ(old.cluster().http->max_requests_per_connection, 4u);
  EXPECT_EQ(load_cluster("protocol_selection: USE_DOWNSTREAM_PROTOCOL").cluster().http->version,
            UpstreamHttp::Version::downstream);
  auto both = load_cluster("http2_protocol_options: {}\n" +
                           http_options("explicit_http_config: {http_protocol_options: {}}"));
  ASSERT_THAT(both.errors, IsEmpty());
  EXPECT_EQ(both.cluster().http->version, UpstreamHttp::Version::http1);
}

TEST(CompileCluster, WhatClustersHaveAlikeIsKeptOnce) {
  Loaded loaded = load(
      "static_resources: {clusters: [{name: a, max_requests_per_connection: 4}, "
      "{name: b, max_requests_per_connection: 4}, {name: c, max_requests_per_connection: 5}]}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  EXPECT_TRUE(loaded.cluster(0).http.is_same(loaded.cluster(1).http));
  EXPECT_EQ(loaded.cluster(2).http->max_requests_per_connection, 5u);
  EXPECT_TRUE(loaded.cluster(0).bind.is_same(loaded.cluster(2).bind));
  EXPECT_EQ(loaded.cluster(0).transport_socket, loaded.cluster(2).transport_socket);
}

TEST(CompileCluster, ConnectionOptions) {
  Loaded loaded = load_cluster(
      "connect_timeout: 0.25s\nper_connection_buffer_limit_bytes: "
      "999\nclose_connections_on_host_health_failure: true\n"
      "common_lb_config: {healthy_panic_threshold: {value: 12.5}}\n"
      "upstream_connection_options: {tcp_keepalive: {keepalive_time: 9, keepalive_probes: 2}}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::Cluster& cluster = loaded.cluster();
  EXPECT_EQ(cluster.connect_timeout, milliseconds(250));
  EXPECT_EQ(cluster.buffer_limit_bytes, 999u);
  EXPECT_TRUE(cluster.close_connections_on_host_health_failure);
  EXPECT_EQ(cluster.panic_threshold, 12.5);
  EXPECT_EQ(cluster.tcp_keepalive->time_s, 9u);
  EXPECT_EQ(cluster.tcp_keepalive->probes, 2u);
  EXPECT_EQ(cluster.tcp_keepalive->interval_s, std::nullopt);
}

TEST(CompileCluster, OutlierDetectionHasEnvoysDefaults) {
  Loaded loaded = load_cluster("outlier_detection: {}");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::OutlierDetection& defaults = *loaded.cluster().outlier_detection;
  EXPECT_EQ(defaults.consecutive_5xx, 5u);
  EXPECT_EQ(defaults.enforcing_consecutive_gateway_failure, 0u);
  EXPECT_EQ(defaults.max_ejection_time, milliseconds(300'000));
  EXPECT_NE(loaded.cluster().outlier_stats, nullptr);
  EXPECT_EQ(load_cluster("").cluster().outlier_detection, nullptr);
  Loaded long_base = load_cluster("outlier_detection: {base_ejection_time: 400s}");
  EXPECT_EQ(long_base.cluster().outlier_detection->max_ejection_time, milliseconds(400'000));
  EXPECT_THAT(
      load_cluster("outlier_detection: {base_ejection_time: 2s, max_ejection_time: 1s}").errors,
      Not(IsEmpty()));
}

TEST(CompileCluster, HealthCheckTimesFollowEachOther) {
  Loaded loaded = load_cluster(
      "health_checks: [{timeout: 1s, interval: 2s, unhealthy_interval: 3s, unhealthy_threshold: 4, "
      "healthy_threshold: 5, no_traffic_interval: 6s, http_health_check: {path: /x, receive: "
      "[{text: '6f6B'}]}}]");
  ASSERT_THAT(loaded.errors, IsEmpty());
  const config::HealthCheck& check = *loaded.cluster().health_checks.at(0);
  EXPECT_EQ(check.unhealthy_edge_interval, milliseconds(3000));
  EXPECT_EQ(check.healthy_edge_interval, milliseconds(2000));
  EXPECT_EQ(check.no_traffic_healthy_interval, milliseconds(6000));
  EXPECT_TRUE(check.reuse_connection);
  EXPECT_EQ(check.http->expected.at(0).begin, 200);
  EXPECT_EQ(check.http->receive, std::vector<std::string>({"ok"}));
  EXPECT_NE(loaded.cluster().health_check_stats, nullptr);
}

TEST(CompileCluster, HealthChecksThatCannotBeAreRefused) {
  auto errors = [](const std::string& rest) {
    return load_cluster(
               "health_checks: [{timeout: 1s, interval: 2s, unhealthy_threshold: 1, "
               "healthy_threshold: 1, " +
               rest + "}]")
        .errors;
  };
  EXPECT_THAT(errors("tcp_health_check: {}"), IsEmpty());
  EXPECT_THAT(errors("tcp_health_check: {send: {text: xy}}"), Not(IsEmpty()));
  EXPECT_THAT(errors("http_health_check: {path: /x, expected_statuses: [{start: 300, end: 200}]}"),
              Not(IsEmpty()));
  EXPECT_THAT(errors("http_health_check: {path: /x, codec_client_type: HTTP3}"), Not(IsEmpty()));
  EXPECT_THAT(errors("http_health_check: {path: /x, request_headers_to_add: [{header: {key: a, "
                     "value: '%UPSTREAM_HOST%'}}]}"),
              Not(IsEmpty()));
}

TEST(CompileCluster, StatsHaveTheNameAsTag) {
  Loaded loaded = load_cluster("alt_stat_name: x:y");
  const config::Cluster& cluster = loaded.cluster();
  EXPECT_EQ(cluster.stats->prefix(), "cluster.x_y.");
  EXPECT_EQ(cluster.stats->extracted_prefix(), "cluster.");
  EXPECT_EQ(cluster.stats->tags().at(0).name, "envoy.cluster_name");
  EXPECT_EQ(cluster.stats->tags().at(0).value, "x_y");
  EXPECT_EQ(cluster.breaker_stats->prefix(), "cluster.x_y.circuit_breakers.");
  EXPECT_EQ(cluster.breaker_stats->extracted_prefix(), "cluster.circuit_breakers.");
  EXPECT_EQ(cluster.http1_stats->prefix(), "cluster.x_y.http1.");
  EXPECT_EQ(cluster.http2_stats, nullptr);
}

}  // namespace
}  // namespace outrigger::xds
