// The HTTP connection manager, access logs.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define HCM_NS "envoy.extensions.filters.network.http_connection_manager.v3."
#define DETECTION_NS "envoy.extensions.http.original_ip_detection."

constexpr WorkingFields kWorking[] = {
    {HCM_NS "HttpConnectionManager.SetCurrentClientCertDetails", "*"},
    {HCM_NS "HttpConnectionManager",
     "codec_type stat_prefix route_config rds scoped_routes http_filters "
     "common_http_protocol_options "
     "http_protocol_options http2_protocol_options "
     "server_name server_header_transformation scheme_header_transformation max_request_headers_kb "
     "stream_idle_timeout "
     "request_timeout request_headers_timeout drain_timeout delayed_close_timeout access_log "
     "use_remote_address internal_address_config "
     "xff_num_trusted_hops skip_xff_append via generate_request_id preserve_external_request_id "
     "always_set_request_id_in_response forward_client_cert_details "
     "set_current_client_cert_details proxy_100_continue "
     "upgrade_configs normalize_path "
     "merge_slashes "
     "path_with_escaped_slashes_action request_id_extension local_reply_config "
     "strip_matching_host_port strip_any_host_port "
     "stream_error_on_invalid_http_message strip_trailing_host_dot append_x_forwarded_port "
     "tracing add_user_agent http1_safe_max_connection_duration stream_flush_timeout "
     "access_log_flush_interval flush_access_log_on_new_request access_log_options "
     "original_ip_detection_extensions early_header_mutation_extensions"},
    {DETECTION_NS "xff.v3.XffConfig", "xff_num_trusted_hops xff_trusted_cidrs skip_xff_append"},
    {DETECTION_NS "xff.v3.XffTrustedCidrs", "*"},
    {DETECTION_NS "custom_header.v3.CustomHeaderConfig", "*"},
    {"envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", "*"},
    {HCM_NS "HttpConnectionManager.HcmAccessLogOptions", "*"},
    {HCM_NS "HttpConnectionManager.Tracing", ""},
    {HCM_NS "HttpConnectionManager.UpgradeConfig", "upgrade_type enabled"},
    {HCM_NS "HttpConnectionManager.InternalAddressConfig", "*"},
    {"envoy.config.core.v3.CidrRange", "*"},
    {HCM_NS "HttpFilter", "name typed_config config_discovery is_optional disabled"},
    {HCM_NS "Rds", "*"},
    {HCM_NS "ScopedRoutes", "*"},
    {HCM_NS "ScopedRoutes.ScopeKeyBuilder", "*"},
    {HCM_NS "ScopedRoutes.ScopeKeyBuilder.FragmentBuilder", "*"},
    {HCM_NS "ScopedRoutes.ScopeKeyBuilder.FragmentBuilder.HeaderValueExtractor", "*"},
    {HCM_NS "ScopedRoutes.ScopeKeyBuilder.FragmentBuilder.HeaderValueExtractor.KvElement", "*"},
    {HCM_NS "ScopedRouteConfigurationsList", "*"},
    {HCM_NS "ScopedRds", "*"},
    {"envoy.config.route.v3.ScopedRouteConfiguration",
     "name route_configuration_name route_configuration key"},
    {"envoy.config.route.v3.ScopedRouteConfiguration.Key", "*"},
    {"envoy.config.route.v3.ScopedRouteConfiguration.Key.Fragment", "*"},
    {"envoy.config.core.v3.ExtensionConfigSource", "*"},
    {HCM_NS "LocalReplyConfig", "*"},
    {HCM_NS "ResponseMapper", "*"},
    {HCM_NS "RequestIDExtension", "*"},
    {"envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", ""},
    {"envoy.config.core.v3.SchemeHeaderTransformation", "*"},
    {"envoy.config.core.v3.SubstitutionFormatString",
     "text_format json_format text_format_source omit_empty_values content_type formatters"},
    {"envoy.config.accesslog.v3.AccessLog", "*"},
    {"envoy.config.accesslog.v3.AccessLogFilter",
     "status_code_filter duration_filter not_health_check_filter and_filter or_filter "
     "header_filter response_flag_filter runtime_filter grpc_status_filter metadata_filter "
     "log_type_filter traceable_filter extension_filter"},
    {"envoy.config.accesslog.v3.RuntimeFilter", "*"},
    {"envoy.config.accesslog.v3.GrpcStatusFilter", "*"},
    {"envoy.config.accesslog.v3.MetadataFilter", "*"},
    {"envoy.config.accesslog.v3.LogTypeFilter", "*"},
    {"envoy.type.matcher.v3.MetadataMatcher", "*"},
    {"envoy.type.matcher.v3.MetadataMatcher.PathSegment", "*"},
    {"envoy.type.matcher.v3.ValueMatcher", "*"},
    {"envoy.type.matcher.v3.ValueMatcher.NullMatch", "*"},
    {"envoy.type.matcher.v3.ListMatcher", "*"},
    {"envoy.type.matcher.v3.OrMatcher", "*"},
    {"envoy.type.matcher.v3.DoubleMatcher", "*"},
    {"envoy.type.v3.DoubleRange", "*"},
    {"envoy.config.accesslog.v3.TraceableFilter", "*"},
    {"envoy.extensions.formatter.metadata.v3.Metadata", "*"},
    {"envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery", "*"},
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

constexpr std::string_view kTracing = HCM_NS "HttpConnectionManager.Tracing";
constexpr std::string_view kUuid = "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig";
constexpr std::string_view kNoTracing = "no spans are made";

constexpr HarmlessField kHarmless[] = {
    {"envoy.config.route.v3.ScopedRouteConfiguration", "on_demand",
     "its routes are asked for at once, not with the first request"},
    {kTracing, "client_sampling", kNoTracing},
    {kTracing, "random_sampling", kNoTracing},
    {kTracing, "overall_sampling", kNoTracing},
    {kTracing, "verbose", kNoTracing},
    {kTracing, "max_path_tag_length", kNoTracing},
    {kTracing, "custom_tags", kNoTracing},
    {kTracing, "spawn_upstream_span", kNoTracing},
    {kTracing, "provider", kNoTracing},
    {kTracing, "operation", kNoTracing},
    {kTracing, "upstream_operation", kNoTracing},
    {HCM_NS "HttpConnectionManager", "http3_protocol_options", "there is no HTTP/3"},
    {HCM_NS "HttpConnectionManager", "represent_ipv4_remote_address_as_ipv4_mapped_ipv6",
     "Envoy does not do it either"},
    {HCM_NS "HttpConnectionManager", "add_proxy_protocol_connection_state",
     "what a PROXY protocol header said stays with the connection in any case"},
    {HCM_NS "HttpConnectionManager", "append_local_overload", "there is no overload manager"},
    {kUuid, "pack_trace_reason", kNoTracing},
    {kUuid, "use_request_id_for_trace_sampling", kNoTracing},
    {"envoy.config.core.v3.SubstitutionFormatString", "json_format_options",
     "keys are written in a fixed order"},
};

#undef DETECTION_NS
#undef HCM_NS

}  // namespace

constinit const FieldTable kDownstreamFields = {"Connection manager and access logs", kWorking,
                                                kHarmless};

}  // namespace outrigger::xds
