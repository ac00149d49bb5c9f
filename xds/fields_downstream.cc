// Listeners, the HTTP connection manager, access logs.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define HCM_NS "envoy.extensions.filters.network.http_connection_manager.v3."

constexpr WorkingFields kWorking[] = {
    {"envoy.config.listener.v3.Listener",
     "name address additional_addresses stat_prefix filter_chains default_filter_chain "
     "per_connection_buffer_limit_bytes drain_type "
     "transparent freebind traffic_direction reuse_port enable_reuse_port tcp_backlog_size "
     "max_connections_to_accept_per_socket_event bind_to_port"},
    {"envoy.config.listener.v3.AdditionalAddress", "address"},
    {"envoy.config.listener.v3.FilterChain", "filter_chain_match filters transport_socket name"},
    {"envoy.config.listener.v3.FilterChainMatch", ""},
    {"envoy.config.listener.v3.Filter", "name typed_config"},
    {HCM_NS "HttpConnectionManager",
     "codec_type stat_prefix route_config http_filters common_http_protocol_options "
     "http_protocol_options http2_protocol_options "
     "server_name server_header_transformation scheme_header_transformation max_request_headers_kb "
     "stream_idle_timeout "
     "request_timeout request_headers_timeout drain_timeout delayed_close_timeout access_log "
     "use_remote_address internal_address_config "
     "xff_num_trusted_hops skip_xff_append via generate_request_id preserve_external_request_id "
     "always_set_request_id_in_response forward_client_cert_details proxy_100_continue "
     "upgrade_configs normalize_path "
     "merge_slashes "
     "path_with_escaped_slashes_action request_id_extension local_reply_config "
     "strip_matching_host_port strip_any_host_port "
     "stream_error_on_invalid_http_message strip_trailing_host_dot append_x_forwarded_port "
     "tracing"},
    {HCM_NS "HttpConnectionManager.Tracing", ""},
    {HCM_NS "HttpConnectionManager.UpgradeConfig", "upgrade_type enabled"},
    {HCM_NS "HttpConnectionManager.InternalAddressConfig", "*"},
    {"envoy.config.core.v3.CidrRange", "*"},
    {HCM_NS "HttpFilter", "name typed_config is_optional disabled"},
    {HCM_NS "LocalReplyConfig", "*"},
    {HCM_NS "ResponseMapper", "*"},
    {HCM_NS "RequestIDExtension", "*"},
    {"envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", ""},
    {"envoy.config.core.v3.SchemeHeaderTransformation", "scheme_to_overwrite"},
    {"envoy.config.core.v3.SubstitutionFormatString",
     "text_format json_format text_format_source omit_empty_values content_type"},
    {"envoy.config.accesslog.v3.AccessLog", "*"},
    {"envoy.config.accesslog.v3.AccessLogFilter",
     "status_code_filter duration_filter not_health_check_filter and_filter or_filter "
     "header_filter response_flag_filter"},
    {"envoy.config.accesslog.v3.ComparisonFilter", "*"},
    {"envoy.config.accesslog.v3.StatusCodeFilter", "*"},
    {"envoy.config.accesslog.v3.DurationFilter", "*"},
    {"envoy.config.accesslog.v3.NotHealthCheckFilter", "*"},
    {"envoy.config.accesslog.v3.AndFilter", "*"},
    {"envoy.config.accesslog.v3.OrFilter", "*"},
    {"envoy.config.accesslog.v3.HeaderFilter", "*"},
    {"envoy.config.accesslog.v3.ResponseFlagFilter", "*"},
    {"envoy.extensions.access_loggers.file.v3.FileAccessLog", "*"},
    {"envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", "*"},
    {"envoy.extensions.access_loggers.stream.v3.StderrAccessLog", "*"},
};

constexpr std::string_view kListener = "envoy.config.listener.v3.Listener";
constexpr std::string_view kTracing = HCM_NS "HttpConnectionManager.Tracing";
constexpr std::string_view kUuid = "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig";
constexpr std::string_view kNoListenerFilters = "there are no listener filters to wait for";
constexpr std::string_view kNoTracing = "no spans are made";

constexpr HarmlessField kHarmless[] = {
    {kListener, "metadata", "kept for /config_dump only"},
    {kListener, "listener_filters_timeout", kNoListenerFilters},
    {kListener, "continue_on_listener_filters_timeout", kNoListenerFilters},
    {kListener, "connection_balance_config",
     "the kernel spreads connections over the workers' sockets"},
    {kListener, "tcp_fast_open_queue_length", "connections open in the ordinary way"},
    {kListener, "ignore_global_conn_limit", "there is no limit of all connections together"},
    {kListener, "bypass_overload_manager", "there is no overload manager"},
    {"envoy.config.listener.v3.FilterChain", "metadata", "kept for /config_dump only"},
    {"envoy.config.listener.v3.FilterChain", "transport_socket_connect_timeout",
     "a plain connection has no handshake"},
    {kTracing, "client_sampling", kNoTracing},
    {kTracing, "random_sampling", kNoTracing},
    {kTracing, "overall_sampling", kNoTracing},
    {kTracing, "verbose", kNoTracing},
    {kTracing, "max_path_tag_length", kNoTracing},
    {kTracing, "custom_tags", kNoTracing},
    {kTracing, "spawn_upstream_span", kNoTracing},
    {kTracing, "operation", kNoTracing},
    {kTracing, "upstream_operation", kNoTracing},
    {HCM_NS "HttpConnectionManager", "http3_protocol_options", "there is no HTTP/3"},
    {HCM_NS "HttpConnectionManager", "set_current_client_cert_details",
     "no client has a certificate"},
    {HCM_NS "HttpConnectionManager", "add_proxy_protocol_connection_state",
     "there is no PROXY protocol"},
    {HCM_NS "HttpConnectionManager", "append_local_overload", "there is no overload manager"},
    {kUuid, "pack_trace_reason", kNoTracing},
    {kUuid, "use_request_id_for_trace_sampling", kNoTracing},
    {"envoy.config.core.v3.SubstitutionFormatString", "json_format_options",
     "keys are written in a fixed order"},
};

#undef HCM_NS

}  // namespace

constinit const FieldTable kDownstreamFields = {"Listeners, connection manager and access logs",
                                                kWorking, kHarmless};

}  // namespace outrigger::xds
