// Listeners, their filter chains and their listener filters.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define LISTENER_NS "envoy.config.listener.v3."
#define FILTER_NS "envoy.extensions.filters.listener."

constexpr WorkingFields kWorking[] = {
    {LISTENER_NS "Listener",
     "name address additional_addresses stat_prefix filter_chains filter_chain_matcher "
     "default_filter_chain use_original_dst per_connection_buffer_limit_bytes metadata "
     "deprecated_v1 drain_type "
     "listener_filters listener_filters_timeout continue_on_listener_filters_timeout transparent "
     "freebind socket_options tcp_fast_open_queue_length traffic_direction reuse_port "
     "enable_reuse_port tcp_backlog_size max_connections_to_accept_per_socket_event bind_to_port "
     "connection_balance_config access_log internal_listener enable_mptcp "
     "ignore_global_conn_limit"},
    {LISTENER_NS "Listener.DeprecatedV1", "*"},
    {LISTENER_NS "Listener.ConnectionBalanceConfig", "*"},
    {LISTENER_NS "Listener.ConnectionBalanceConfig.ExactBalance", "*"},
    {LISTENER_NS "Listener.InternalListenerConfig", "*"},
    {LISTENER_NS "AdditionalAddress", "*"},
    {"envoy.config.core.v3.SocketOptionsOverride", "*"},
    {"envoy.config.core.v3.SocketOption", "level name int_value buf_value state type"},
    {"envoy.config.core.v3.SocketOption.SocketType", "*"},
    {"envoy.config.core.v3.SocketOption.SocketType.Stream", "*"},
    {"envoy.config.core.v3.SocketOption.SocketType.Datagram", "*"},
    {LISTENER_NS "FilterChain",
     "filter_chain_match filters use_proxy_proto metadata transport_socket "
     "transport_socket_connect_timeout name"},
    {LISTENER_NS "FilterChainMatch",
     "destination_port prefix_ranges direct_source_prefix_ranges source_type source_prefix_ranges "
     "source_ports server_names transport_protocol application_protocols"},
    {LISTENER_NS "Filter", "name typed_config"},
    {LISTENER_NS "ListenerFilter", "name typed_config filter_disabled"},
    {LISTENER_NS "ListenerFilterChainMatchPredicate", "*"},
    {LISTENER_NS "ListenerFilterChainMatchPredicate.MatchSet", "*"},
    {"envoy.type.v3.Int32Range", "*"},
    {"envoy.config.core.v3.Metadata", "filter_metadata"},
    {FILTER_NS "http_inspector.v3.HttpInspector", "*"},
    {FILTER_NS "original_dst.v3.OriginalDst", "*"},
    {FILTER_NS "original_src.v3.OriginalSrc", "*"},
    {FILTER_NS "proxy_protocol.v3.ProxyProtocol", "*"},
    {FILTER_NS "proxy_protocol.v3.ProxyProtocol.Rule", "*"},
    {FILTER_NS "proxy_protocol.v3.ProxyProtocol.KeyValuePair", "*"},
    {FILTER_NS "tls_inspector.v3.TlsInspector",
     "enable_ja3_fingerprinting enable_ja4_fingerprinting "
     "close_connection_on_client_hello_parsing_errors max_client_hello_size"},
};

constexpr HarmlessField kHarmless[] = {
    {LISTENER_NS "Listener", "bypass_overload_manager", "there is no overload manager"},
    {"envoy.config.core.v3.SocketOption", "description", "for people"},
    {"envoy.config.core.v3.Metadata", "typed_filter_metadata",
     "for extensions that Outrigger does not have"},
    {FILTER_NS "tls_inspector.v3.TlsInspector", "initial_read_buffer_size",
     "what has arrived is read at once, up to max_client_hello_size"},
};

#undef LISTENER_NS
#undef FILTER_NS

}  // namespace

constinit const FieldTable kListenerFields = {"Listeners", kWorking, kHarmless};

}  // namespace outrigger::xds
