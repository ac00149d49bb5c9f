// HTTP filters.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define HTTP_NS "envoy.extensions.filters.http."
#define COMPRESSION_NS "envoy.extensions.compression."
#define COMMON_FAULT_NS "envoy.extensions.filters.common.fault.v3."

constexpr WorkingFields kWorking[] = {
    {HTTP_NS "lua.v3.Lua",
     "inline_code source_codes default_source_code stat_prefix clear_route_cache"},
    {HTTP_NS "lua.v3.LuaPerRoute", "*"},
    {HTTP_NS "dynamic_forward_proxy.v3.FilterConfig",
     "dns_cache_config save_upstream_address allow_dynamic_host_from_filter_state"},
    {HTTP_NS "dynamic_forward_proxy.v3.PerRouteConfig", "*"},
    {HTTP_NS "on_demand.v3.OnDemand", "odcds"},
    {HTTP_NS "on_demand.v3.OnDemandCds", "source resources_locator timeout"},
    {HTTP_NS "on_demand.v3.PerRouteConfig", "odcds"},
    {HTTP_NS "router.v3.Router",
     "suppress_envoy_headers respect_expected_rq_timeout "
     "strict_check_headers upstream_log upstream_log_options upstream_http_filters"},
    {HTTP_NS "router.v3.Router.UpstreamAccessLogOptions", "*"},
    {HTTP_NS "buffer.v3.Buffer", "*"},
    {HTTP_NS "buffer.v3.BufferPerRoute", "*"},
    {HTTP_NS "compressor.v3.Compressor",
     "compressor_library request_direction_config response_direction_config choose_first"},
    {HTTP_NS "compressor.v3.Compressor.CommonDirectionConfig", "*"},
    {HTTP_NS "compressor.v3.Compressor.RequestDirectionConfig", "*"},
    {HTTP_NS "compressor.v3.Compressor.ResponseDirectionConfig",
     "common_config disable_on_etag_header remove_accept_encoding_header "
     "uncompressible_response_codes status_header_enabled"},
    {HTTP_NS "compressor.v3.CompressorPerRoute", "*"},
    {HTTP_NS "compressor.v3.CompressorOverrides", "*"},
    {HTTP_NS "compressor.v3.ResponseDirectionOverrides", "*"},
    {COMPRESSION_NS "gzip.compressor.v3.Gzip",
     "memory_level compression_level compression_strategy window_bits"},
    {COMPRESSION_NS "brotli.compressor.v3.Brotli",
     "quality encoder_mode window_bits input_block_bits disable_literal_context_modeling"},
    {COMPRESSION_NS "zstd.compressor.v3.Zstd", "compression_level enable_checksum strategy"},
    {HTTP_NS "cors.v3.Cors", "*"},
    {HTTP_NS "cors.v3.CorsPolicy", "*"},
    {HTTP_NS "custom_response.v3.CustomResponse", "*"},
    {"envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy", "*"},
    {"envoy.extensions.http.custom_response.redirect_policy.v3.RedirectPolicy",
     "uri redirect_action status_code response_headers_to_add request_headers_to_add"},
    {HTTP_NS "ext_authz.v3.ExtAuthz",
     "grpc_service http_service transport_api_version failure_mode_allow "
     "failure_mode_allow_header_add with_request_body clear_route_cache status_on_error "
     "validate_mutations metadata_context_namespaces route_metadata_context_namespaces "
     "filter_enabled filter_enabled_metadata deny_at_disable include_peer_certificate stat_prefix "
     "allowed_headers disallowed_headers include_tls_session charge_cluster_response_stats "
     "enable_dynamic_metadata_ingestion max_denied_response_body_bytes"},
    {HTTP_NS "ext_authz.v3.BufferSettings", "*"},
    {HTTP_NS "ext_authz.v3.HttpService",
     "server_uri path_prefix authorization_request authorization_response"},
    {HTTP_NS "ext_authz.v3.AuthorizationRequest", "*"},
    {HTTP_NS "ext_authz.v3.AuthorizationResponse", "*"},
    {HTTP_NS "ext_authz.v3.ExtAuthzPerRoute", "*"},
    {HTTP_NS "ext_authz.v3.CheckSettings",
     "context_extensions disable_request_body_buffering with_request_body"},
    {"envoy.type.v3.HttpStatus", "*"},
    {HTTP_NS "fault.v3.HTTPFault",
     "delay abort upstream_cluster headers downstream_nodes max_active_faults response_rate_limit "
     "delay_percent_runtime "
     "abort_percent_runtime delay_duration_runtime abort_http_status_runtime "
     "max_active_faults_runtime "
     "response_rate_limit_percent_runtime abort_grpc_status_runtime "
     "disable_downstream_cluster_stats"},
    {HTTP_NS "fault.v3.FaultAbort", "*"},
    {HTTP_NS "fault.v3.FaultAbort.HeaderAbort", "*"},
    {COMMON_FAULT_NS "FaultDelay", "*"},
    {COMMON_FAULT_NS "FaultDelay.HeaderDelay", "*"},
    {COMMON_FAULT_NS "FaultRateLimit", "*"},
    {COMMON_FAULT_NS "FaultRateLimit.FixedLimit", "*"},
    {COMMON_FAULT_NS "FaultRateLimit.HeaderLimit", "*"},
    {HTTP_NS "header_mutation.v3.HeaderMutation", "*"},
    {HTTP_NS "header_mutation.v3.HeaderMutationPerRoute", "*"},
    {HTTP_NS "header_mutation.v3.Mutations", "*"},
    {"envoy.config.common.mutation_rules.v3.HeaderMutation", "*"},
    {"envoy.config.common.mutation_rules.v3.HeaderMutation.RemoveOnMatch", "*"},
    {"envoy.config.core.v3.KeyValueMutation", "*"},
    {"envoy.config.core.v3.KeyValueAppend", "record action"},
    {"envoy.config.core.v3.KeyValuePair", "*"},
    {HTTP_NS "header_to_metadata.v3.Config", "*"},
    {HTTP_NS "header_to_metadata.v3.Config.KeyValuePair", "*"},
    {HTTP_NS "header_to_metadata.v3.Config.Rule", "*"},
    {HTTP_NS "set_filter_state.v3.Config", "*"},
    {"envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue", "*"},
    {HTTP_NS "set_metadata.v3.Config", "*"},
    {HTTP_NS "set_metadata.v3.Metadata", "metadata_namespace allow_overwrite value"},
    {HTTP_NS "stateful_session.v3.StatefulSession", "*"},
    {HTTP_NS "stateful_session.v3.StatefulSessionPerRoute", "*"},
    {"envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState", "*"},
    {"envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState", "*"},
    {"envoy.type.http.v3.Cookie", "*"},
    {"envoy.type.http.v3.CookieAttribute", "*"},
    {HTTP_NS "csrf.v3.CsrfPolicy", "*"},
    {HTTP_NS "decompressor.v3.Decompressor", "*"},
    {HTTP_NS "decompressor.v3.Decompressor.CommonDirectionConfig", "*"},
    {HTTP_NS "decompressor.v3.Decompressor.RequestDirectionConfig", "*"},
    {HTTP_NS "decompressor.v3.Decompressor.ResponseDirectionConfig", "*"},
    {COMPRESSION_NS "gzip.decompressor.v3.Gzip", "window_bits max_inflate_ratio"},
    {COMPRESSION_NS "brotli.decompressor.v3.Brotli", "disable_ring_buffer_reallocation"},
    {COMPRESSION_NS "zstd.decompressor.v3.Zstd", "dictionaries"},
    {HTTP_NS "grpc_http1_bridge.v3.Config", "*"},
    {HTTP_NS "grpc_web.v3.GrpcWeb", "*"},
    {HTTP_NS "health_check.v3.HealthCheck", "*"},
    {HTTP_NS "jwt_authn.v3.JwtAuthentication", "*"},
    {HTTP_NS "jwt_authn.v3.JwtProvider",
     "issuer audiences subjects require_expiration max_lifetime remote_jwks local_jwks forward "
     "from_headers from_params from_cookies forward_payload_header pad_forward_payload_header "
     "payload_in_metadata normalize_payload_in_metadata header_in_metadata clock_skew_seconds "
     "claim_to_headers clear_route_cache"},
    {HTTP_NS "jwt_authn.v3.JwtProvider.NormalizePayload", "*"},
    {HTTP_NS "jwt_authn.v3.RemoteJwks", "http_uri cache_duration"},
    {HTTP_NS "jwt_authn.v3.JwtHeader", "*"},
    {HTTP_NS "jwt_authn.v3.JwtClaimToHeader", "*"},
    {HTTP_NS "jwt_authn.v3.ProviderWithAudiences", "*"},
    {HTTP_NS "jwt_authn.v3.JwtRequirement", "*"},
    {HTTP_NS "jwt_authn.v3.JwtRequirementOrList", "*"},
    {HTTP_NS "jwt_authn.v3.JwtRequirementAndList", "*"},
    {HTTP_NS "jwt_authn.v3.RequirementRule", "*"},
    {HTTP_NS "jwt_authn.v3.FilterStateRule", "*"},
    {HTTP_NS "jwt_authn.v3.PerRouteConfig", "*"},
    {"envoy.config.core.v3.HttpUri", "*"},
    {HTTP_NS "ratelimit.v3.RateLimit", "*"},
    {HTTP_NS "ratelimit.v3.RateLimitPerRoute", "vh_rate_limits rate_limits domain"},
    {"envoy.config.ratelimit.v3.RateLimitServiceConfig", "*"},
    {HTTP_NS "grpc_stats.v3.FilterConfig", "*"},
    {"envoy.config.core.v3.GrpcMethodList", "*"},
    {"envoy.config.core.v3.GrpcMethodList.Service", "*"},
    {HTTP_NS "local_ratelimit.v3.LocalRateLimit",
     "stat_prefix status token_bucket filter_enabled filter_enforced "
     "request_headers_to_add_when_not_enforced response_headers_to_add descriptors stage "
     "enable_x_ratelimit_headers vh_rate_limits always_consume_default_token_bucket "
     "rate_limited_as_resource_exhausted rate_limits local_rate_limit_per_downstream_connection"},
    {"envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor", "*"},
    {"envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry", "*"},
};

constexpr HarmlessField kHarmless[] = {
    {HTTP_NS "router.v3.Router", "dynamic_stats", "statistics are always kept"},
    {HTTP_NS "router.v3.Router", "suppress_grpc_request_failure_code_stats",
     "responses are counted by their HTTP status"},
    {HTTP_NS "router.v3.Router", "start_child_span", "no spans are made"},
    {HTTP_NS "fault.v3.HTTPFault", "filter_metadata",
     "there is no dynamic metadata that could show it"},
    {COMPRESSION_NS "gzip.compressor.v3.Gzip", "chunk_size", "a piece goes out as it is"},
    {COMPRESSION_NS "gzip.decompressor.v3.Gzip", "chunk_size", "a piece goes out as it is"},
    {COMPRESSION_NS "brotli.decompressor.v3.Brotli", "chunk_size", "a piece goes out as it is"},
    {COMPRESSION_NS "zstd.decompressor.v3.Zstd", "chunk_size", "a piece goes out as it is"},
    {COMPRESSION_NS "brotli.compressor.v3.Brotli", "chunk_size", "a piece goes out as it is"},
    {COMPRESSION_NS "zstd.compressor.v3.Zstd", "chunk_size", "a piece goes out as it is"},
    {HTTP_NS "jwt_authn.v3.JwtProvider", "jwt_cache_config", "every token is verified"},
    {HTTP_NS "jwt_authn.v3.RemoteJwks", "async_fetch",
     "keys are fetched with the first request that has a token, which waits for them"},
};

constexpr NoEffect kNoEffect[] = {
    {HTTP_NS "upstream_codec.v3.UpstreamCodec",
     "a chain of upstream filters ends in the codec in any case"},
};

#undef COMMON_FAULT_NS
#undef COMPRESSION_NS
#undef HTTP_NS

}  // namespace

constinit const FieldTable kFilterFields = {"HTTP filters", kWorking, kHarmless, kNoEffect};

}  // namespace outrigger::xds
