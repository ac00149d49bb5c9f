// Clusters, endpoints and how to speak with them.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

constexpr WorkingFields kWorking[] = {
    {"envoy.config.cluster.v3.Cluster",
     "name alt_stat_name type connect_timeout per_connection_buffer_limit_bytes lb_policy "
     "load_assignment eds_cluster_config circuit_breakers "
     "ring_hash_lb_config maglev_lb_config lb_subset_config "
     "max_requests_per_connection common_http_protocol_options http_protocol_options "
     "http2_protocol_options protocol_selection "
     "typed_extension_protocol_options least_request_lb_config round_robin_lb_config "
     "common_lb_config transport_socket "
     "upstream_connection_options load_balancing_policy cluster_type dns_refresh_rate dns_jitter "
     "dns_failure_refresh_rate respect_dns_ttl dns_lookup_family dns_resolvers "
     "use_tcp_for_dns_lookups dns_resolution_config typed_dns_resolver_config "
     "wait_for_warm_on_init cleanup_interval original_dst_lb_config upstream_bind_config "
     "transport_socket_matches upstream_http_protocol_options metadata "
     "connection_pool_per_downstream_connection filters outlier_detection "
     "close_connections_on_host_health_failure health_checks ignore_health_on_host_removal "
     "preconnect_policy track_cluster_stats track_timeout_budgets"},
    {"envoy.config.core.v3.HealthCheck",
     "timeout interval initial_jitter interval_jitter interval_jitter_percent unhealthy_threshold "
     "healthy_threshold alt_port reuse_connection http_health_check tcp_health_check "
     "grpc_health_check no_traffic_interval no_traffic_healthy_interval unhealthy_interval "
     "unhealthy_edge_interval healthy_edge_interval event_log_path event_logger "
     "always_log_health_check_failures always_log_health_check_success tls_options "
     "transport_socket_match_criteria"},
    {"envoy.config.core.v3.HealthCheck.Payload", "*"},
    {"envoy.config.core.v3.HealthCheck.TlsOptions", "*"},
    {"envoy.config.core.v3.HealthCheck.HttpHealthCheck",
     "host path receive response_buffer_size request_headers_to_add request_headers_to_remove "
     "expected_statuses retriable_statuses codec_client_type service_name_matcher method"},
    {"envoy.config.core.v3.HealthCheck.TcpHealthCheck", "send receive"},
    {"envoy.config.core.v3.HealthCheck.GrpcHealthCheck", "*"},
    {"envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink", "*"},
    {"envoy.config.endpoint.v3.Endpoint.HealthCheckConfig", "*"},
    {"envoy.config.cluster.v3.OutlierDetection",
     "consecutive_5xx interval base_ejection_time max_ejection_percent enforcing_consecutive_5xx "
     "enforcing_success_rate success_rate_minimum_hosts success_rate_request_volume "
     "success_rate_stdev_factor consecutive_gateway_failure enforcing_consecutive_gateway_failure "
     "split_external_local_origin_errors consecutive_local_origin_failure "
     "enforcing_consecutive_local_origin_failure enforcing_local_origin_success_rate "
     "failure_percentage_threshold enforcing_failure_percentage "
     "enforcing_failure_percentage_local_origin failure_percentage_minimum_hosts "
     "failure_percentage_request_volume max_ejection_time max_ejection_time_jitter "
     "successful_active_health_check_uneject_host always_eject_one_host"},
    {"envoy.config.cluster.v3.Cluster.CustomClusterType", "*"},
    {"envoy.config.cluster.v3.Cluster.PreconnectPolicy", "per_upstream_preconnect_ratio"},
    {"envoy.config.cluster.v3.TrackClusterStats", "timeout_budgets request_response_sizes"},
    {"envoy.config.cluster.v3.Cluster.EdsClusterConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.RefreshRate", "*"},
    {"envoy.config.cluster.v3.Cluster.OriginalDstLbConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.TransportSocketMatch", "*"},
    {"envoy.config.cluster.v3.UpstreamConnectionOptions.HappyEyeballsConfig", "*"},
    {"envoy.config.core.v3.UpstreamHttpProtocolOptions", "*"},
    {"envoy.config.core.v3.BindConfig",
     "source_address freebind socket_options extra_source_addresses additional_source_addresses"},
    {"envoy.config.core.v3.ExtraSourceAddress", "address"},
    {"envoy.type.metadata.v3.MetadataKey", "*"},
    {"envoy.type.metadata.v3.MetadataKey.PathSegment", "*"},
    {"envoy.config.core.v3.EnvoyInternalAddress", "*"},
    {"envoy.config.core.v3.DnsResolutionConfig", "*"},
    {"envoy.config.core.v3.DnsResolverOptions", "*"},
    {"envoy.extensions.clusters.aggregate.v3.ClusterConfig", "*"},
    {"envoy.extensions.clusters.dns.v3.DnsCluster", "*"},
    {"envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
     "dns_cache_config allow_insecure_cluster_options"},
    {"envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig",
     "name dns_lookup_family dns_refresh_rate dns_min_refresh_rate host_ttl max_hosts "
     "disable_dns_refresh_on_failure dns_failure_refresh_rate dns_cache_circuit_breaker "
     "use_tcp_for_dns_lookups dns_resolution_config typed_dns_resolver_config "
     "preresolve_hostnames dns_query_timeout"},
    {"envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheCircuitBreakers", "*"},
    {"envoy.extensions.clusters.dns.v3.DnsCluster.RefreshRate", "*"},
    {"envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
     "resolvers use_resolvers_as_fallback filter_unroutable_families dns_resolver_options "
     "query_timeout_seconds query_tries rotate_nameservers edns0_max_payload_size"},
    {"envoy.extensions.network.dns_resolver.getaddrinfo.v3.GetAddrInfoDnsResolverConfig", ""},
    {"envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
     "transport_socket"},
    {"envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
     "config transport_socket"},
    {"envoy.config.core.v3.ProxyProtocolConfig", "*"},
    {"envoy.config.core.v3.ProxyProtocolPassThroughTLVs", "*"},
    {"envoy.config.core.v3.TlvEntry", "type value"},
    {"envoy.config.cluster.v3.Cluster.LeastRequestLbConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.RoundRobinLbConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.SlowStartConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.LbSubsetConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.LbSubsetConfig.LbSubsetSelector", "*"},
    {"envoy.config.cluster.v3.Cluster.CommonLbConfig.ZoneAwareLbConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.CommonLbConfig",
     "ignore_new_hosts_until_first_hc zone_aware_lb_config healthy_panic_threshold "
     "locality_weighted_lb_config "
     "consistent_hashing_lb_config override_host_status"},
    {"envoy.config.core.v3.HealthStatusSet", "*"},
    {"envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.RingHashLbConfig", "*"},
    {"envoy.config.cluster.v3.Cluster.MaglevLbConfig", "*"},
    {"envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash", "*"},
    {"envoy.extensions.load_balancing_policies.maglev.v3.Maglev", "*"},
    {"envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig", "*"},
    {"envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig", "*"},
    {"envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig", "*"},
    {"envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig", "*"},
    {"envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.ZoneAwareLbConfig."
     "ForceLocalZone",
     "*"},
    {"envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3."
     "ClientSideWeightedRoundRobin",
     "enable_oob_load_report blackout_period weight_expiration_period weight_update_period "
     "error_utilization_penalty metric_names_for_computing_utilization slow_start_config"},
    {"envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost", "*"},
    {"envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost.OverrideHostSource",
     "*"},
    {"envoy.extensions.load_balancing_policies.subset.v3.Subset", "*"},
    {"envoy.extensions.load_balancing_policies.subset.v3.Subset.LbSubsetSelector", "*"},
    {"envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality", "*"},
    {"envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided", "*"},
    {"envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig.LocalityWeightedLbConfig",
     ""},
    {"envoy.config.cluster.v3.Cluster.CommonLbConfig.LocalityWeightedLbConfig", ""},
    {"envoy.config.cluster.v3.LoadBalancingPolicy", "*"},
    {"envoy.config.cluster.v3.LoadBalancingPolicy.Policy", "*"},
    {"envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest", "*"},
    {"envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin", "*"},
    {"envoy.extensions.load_balancing_policies.random.v3.Random", "*"},
    {"envoy.config.core.v3.RuntimeDouble", "*"},
    {"envoy.config.cluster.v3.CircuitBreakers", "*"},
    {"envoy.config.cluster.v3.CircuitBreakers.Thresholds",
     "priority max_connections max_pending_requests max_requests max_retries retry_budget "
     "track_remaining max_connection_pools"},
    {"envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget", "*"},
    {"envoy.config.cluster.v3.UpstreamConnectionOptions", "tcp_keepalive happy_eyeballs_config"},
    {"envoy.config.core.v3.TcpKeepalive", "*"},
    {"envoy.config.endpoint.v3.ClusterLoadAssignment", "cluster_name endpoints policy"},
    {"envoy.config.endpoint.v3.ClusterLoadAssignment.Policy",
     "overprovisioning_factor endpoint_stale_after drop_overloads"},
    {"envoy.config.endpoint.v3.ClusterLoadAssignment.Policy.DropOverload", "*"},
    {"envoy.config.endpoint.v3.LocalityLbEndpoints",
     "locality lb_endpoints load_balancing_weight priority"},
    {"envoy.config.endpoint.v3.LbEndpoint",
     "endpoint health_status load_balancing_weight metadata"},
    {"envoy.config.endpoint.v3.Endpoint",
     "address hostname additional_addresses health_check_config"},
    {"envoy.config.endpoint.v3.Endpoint.AdditionalAddress", "*"},
    {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
     "common_http_protocol_options upstream_http_protocol_options explicit_http_config "
     "use_downstream_protocol_config auto_config request_mirror_policies retry_policy "
     "hash_policy http_filters"},
    {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions.AutoHttpConfig",
     "http_protocol_options http2_protocol_options"},
    {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig",
     "http_protocol_options http2_protocol_options"},
    {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig",
     "http_protocol_options http2_protocol_options"},
    {"envoy.config.core.v3.HttpProtocolOptions",
     "idle_timeout max_connection_duration max_headers_count max_response_headers_kb "
     "max_stream_duration "
     "headers_with_underscores_action max_requests_per_connection"},
    {"envoy.config.core.v3.Http1ProtocolOptions",
     "allow_absolute_url accept_http_10 default_host_for_http_10 header_key_format enable_trailers "
     "allow_chunked_length "
     "override_stream_error_on_invalid_http_message send_fully_qualified_url "
     "ignore_http_11_upgrade"},
    {"envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat", "*"},
    {"envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat.ProperCaseWords", "*"},
    {"envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig", ""},
    {"envoy.config.core.v3.Http2ProtocolOptions",
     "hpack_table_size max_concurrent_streams initial_stream_window_size "
     "initial_connection_window_size allow_connect "
     "max_outbound_frames max_outbound_control_frames "
     "max_consecutive_inbound_frames_with_empty_payload "
     "max_inbound_priority_frames_per_stream max_inbound_window_update_frames_per_data_frame_sent "
     "stream_error_on_invalid_http_messaging override_stream_error_on_invalid_http_message "
     "connection_keepalive custom_settings_parameters"},
    {"envoy.config.core.v3.Http2ProtocolOptions.SettingsParameter", "*"},
    {"envoy.config.core.v3.KeepaliveSettings", "interval timeout interval_jitter"},
};

constexpr std::string_view kCommonLb = "envoy.config.cluster.v3.Cluster.CommonLbConfig";

constexpr std::string_view kCares =
    "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig";
constexpr std::string_view kAsked = "a socket is closed as soon as its questions are answered";

constexpr HarmlessField kHarmless[] = {
    {"envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
     "allow_coalesced_connections", "each host has connections of its own"},
    {kCares, "udp_max_queries", kAsked},
    {kCares, "max_udp_channel_duration", kAsked},
    {kCares, "reinit_channel_on_timeout", kAsked},
    {"envoy.extensions.network.dns_resolver.getaddrinfo.v3.GetAddrInfoDnsResolverConfig",
     "num_retries", "a question is asked four times"},
    {"envoy.extensions.network.dns_resolver.getaddrinfo.v3.GetAddrInfoDnsResolverConfig",
     "num_resolver_threads", "look-ups need no threads"},
    {"envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
     "tlv_as_pool_key", "the whole header, TLVs included, tells connections apart"},
    {"envoy.config.cluster.v3.TrackClusterStats", "per_endpoint_stats", "/clusters has them"},
    {kCommonLb, "update_merge_window", "updates of endpoints are in force at once"},
    {kCommonLb, "close_connections_on_host_set_change",
     "only connections to the endpoints that go are closed"},
    {"envoy.config.cluster.v3.UpstreamConnectionOptions",
     "set_local_interface_name_on_upstream_connections", "nothing shows the interface"},
    {"envoy.config.endpoint.v3.LocalityLbEndpoints", "metadata", "kept for /config_dump only"},
    {"envoy.config.endpoint.v3.LocalityLbEndpoints", "proximity", "Envoy does not use it either"},
    {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig",
     "http3_protocol_options", "there is no HTTP/3"},
    {"envoy.config.core.v3.Http1ProtocolOptions", "use_balsa_parser",
     "there is one parser, our own"},
    {"envoy.config.core.v3.Http2ProtocolOptions", "use_oghttp2_codec", "there is one codec"},
};

}  // namespace

constinit const FieldTable kUpstreamFields = {"Clusters and endpoints", kWorking, kHarmless};

}  // namespace outrigger::xds
