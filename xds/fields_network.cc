// Network filters and the TCP proxy.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define NETWORK_NS "envoy.extensions.filters.network."

constexpr WorkingFields kWorking[] = {
    {NETWORK_NS "tcp_proxy.v3.TcpProxy",
     "stat_prefix cluster weighted_clusters metadata_match idle_timeout access_log "
     "max_connect_attempts backoff_options hash_policy tunneling_config "
     "max_downstream_connection_duration max_downstream_connection_duration_jitter_percentage "
     "access_log_flush_interval flush_access_log_on_connected access_log_options "
     "proxy_protocol_tlvs upstream_connect_mode max_early_data_bytes on_demand"},
    {NETWORK_NS "tcp_proxy.v3.TcpProxy.OnDemand", "*"},
    {NETWORK_NS "tcp_proxy.v3.TcpProxy.WeightedCluster", "*"},
    {NETWORK_NS "tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight", "*"},
    {NETWORK_NS "tcp_proxy.v3.TcpProxy.TcpAccessLogOptions", "*"},
    {NETWORK_NS "tcp_proxy.v3.TcpProxy.TunnelingConfig",
     "hostname use_post headers_to_add propagate_response_headers post_path "
     "propagate_response_trailers"},
    {"envoy.type.v3.HashPolicy", "*"},
    {"envoy.type.v3.HashPolicy.SourceIp", "*"},
    {"envoy.type.v3.HashPolicy.FilterState", "*"},
    {"envoy.config.core.v3.BackoffStrategy", "*"},
    {NETWORK_NS "connection_limit.v3.ConnectionLimit", "*"},
    {NETWORK_NS "local_ratelimit.v3.LocalRateLimit", "*"},
    {"envoy.type.v3.TokenBucket", "*"},
    {"envoy.config.core.v3.RuntimeFeatureFlag", "*"},
    {NETWORK_NS "direct_response.v3.Config", "*"},
    {NETWORK_NS "echo.v3.Echo", "*"},
    {NETWORK_NS "sni_cluster.v3.SniCluster", "*"},
    {NETWORK_NS "sni_dynamic_forward_proxy.v3.FilterConfig", "*"},
    {NETWORK_NS "rbac.v3.RBAC",
     "rules matcher shadow_rules shadow_matcher shadow_rules_stat_prefix stat_prefix "
     "enforcement_type delay_deny"},
    {"envoy.config.rbac.v3.Action", "*"},
    {"envoy.config.rbac.v3.RBAC", "action policies"},
    {"envoy.config.rbac.v3.Policy", "permissions principals"},
    {"envoy.config.rbac.v3.Permission",
     "and_rules or_rules any header url_path destination_ip destination_port "
     "destination_port_range metadata not_rule requested_server_name sourced_metadata "
     "uri_template"},
    {"envoy.config.rbac.v3.Permission.Set", "*"},
    {"envoy.config.rbac.v3.Principal",
     "and_ids or_ids any authenticated source_ip direct_remote_ip remote_ip header url_path "
     "metadata filter_state not_id sourced_metadata"},
    {"envoy.type.matcher.v3.PathMatcher", "*"},
    {"envoy.config.rbac.v3.Principal.Set", "*"},
    {"envoy.config.rbac.v3.Principal.Authenticated", "*"},
    {"envoy.config.rbac.v3.SourcedMetadata", "*"},
    {"envoy.type.matcher.v3.FilterStateMatcher", "*"},
    {"envoy.type.matcher.v3.AddressMatcher", "*"},
    {"xds.core.v3.CidrRange", "*"},
};

#undef NETWORK_NS

}  // namespace

constinit const FieldTable kNetworkFields = {"Network filters and the TCP proxy", kWorking, {}};

}  // namespace outrigger::xds
