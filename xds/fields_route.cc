// Route configurations.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define ROUTE_NS "envoy.config.route.v3."
#define MATCHER_NS "xds.type.matcher.v3."
#define INPUT_NS "envoy.extensions.matching.common_inputs."
#define HEADER_FIELDS                                                         \
  "request_headers_to_add request_headers_to_remove response_headers_to_add " \
  "response_headers_to_remove typed_per_filter_config "

constexpr WorkingFields kWorking[] = {
    {ROUTE_NS "Vhds", "*"},
    {ROUTE_NS "RouteConfiguration",
     "vhds " HEADER_FIELDS
     "name virtual_hosts internal_only_headers most_specific_header_mutations_wins "
     "validate_clusters "
     "max_direct_response_body_size_bytes request_mirror_policies ignore_port_in_host_matching "
     "vhost_header ignore_path_parameters_in_path_matching cluster_specifier_plugins"},
    {ROUTE_NS "ClusterSpecifierPlugin", "is_optional"},
    {ROUTE_NS "RouteList", "*"},
    {ROUTE_NS "VirtualHost", HEADER_FIELDS
     "name metadata domains routes matcher require_tls include_request_attempt_count "
     "include_attempt_count_in_response include_is_timeout_retry_header hedge_policy retry_policy "
     "rate_limits "
     "per_request_buffer_limit_bytes request_body_buffer_limit request_mirror_policies "
     "virtual_clusters"},
    {ROUTE_NS "VirtualCluster", "*"},
    {ROUTE_NS "Route", HEADER_FIELDS
     "name metadata match route redirect direct_response non_forwarding_action stat_prefix "
     "per_request_buffer_limit_bytes request_body_buffer_limit"},
    {ROUTE_NS "RouteMatch",
     "prefix path safe_regex connect_matcher path_separated_prefix case_sensitive runtime_fraction "
     "headers query_parameters grpc path_match_policy tls_context dynamic_metadata filter_state"},
    {ROUTE_NS "RouteMatch.TlsContextMatchOptions", "*"},
    {"envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig", "*"},
    {"xds.core.v3.TypedExtensionConfig", "*"},
    {MATCHER_NS "Matcher", "*"},
    {MATCHER_NS "Matcher.OnMatch", "matcher action"},
    {MATCHER_NS "Matcher.MatcherList", "*"},
    {MATCHER_NS "Matcher.MatcherList.FieldMatcher", "*"},
    {MATCHER_NS "Matcher.MatcherList.Predicate", "*"},
    {MATCHER_NS "Matcher.MatcherList.Predicate.SinglePredicate", "*"},
    {MATCHER_NS "Matcher.MatcherList.Predicate.PredicateList", "*"},
    {MATCHER_NS "Matcher.MatcherTree", "*"},
    {MATCHER_NS "Matcher.MatcherTree.MatchMap", "*"},
    {MATCHER_NS "IPMatcher", "*"},
    {MATCHER_NS "IPMatcher.IPRangeMatcher", "*"},
    {MATCHER_NS "StringMatcher", "exact prefix suffix safe_regex contains ignore_case"},
    {MATCHER_NS "RegexMatcher", "*"},
    {MATCHER_NS "RegexMatcher.GoogleRE2", "*"},
    {"envoy.type.matcher.v3.HttpRequestHeaderMatchInput", "*"},
    {"envoy.type.matcher.v3.HttpResponseHeaderMatchInput", "*"},
    {"envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput", ""},
    {"envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput", ""},
    {"envoy.type.matcher.v3.HttpRequestQueryParamMatchInput", "*"},
    {INPUT_NS "network.v3.DestinationIPInput", "*"},
    {INPUT_NS "network.v3.DestinationPortInput", "*"},
    {INPUT_NS "network.v3.SourceIPInput", "*"},
    {INPUT_NS "network.v3.SourcePortInput", "*"},
    {INPUT_NS "network.v3.DirectSourceIPInput", "*"},
    {INPUT_NS "network.v3.SourceTypeInput", "*"},
    {INPUT_NS "network.v3.ServerNameInput", "*"},
    {INPUT_NS "network.v3.TransportProtocolInput", "*"},
    {INPUT_NS "network.v3.ApplicationProtocolInput", "*"},
    {INPUT_NS "network.v3.FilterStateInput", "*"},
    {INPUT_NS "ssl.v3.UriSanInput", "*"},
    {INPUT_NS "ssl.v3.DnsSanInput", "*"},
    {INPUT_NS "ssl.v3.SubjectInput", "*"},
    {"envoy.extensions.matching.input_matchers.ip.v3.Ip", "cidr_ranges"},
    {"envoy.extensions.matching.input_matchers.runtime_fraction.v3.RuntimeFraction", "*"},
    {ROUTE_NS "RouteMatch.ConnectMatcher", "*"},
    {ROUTE_NS "RouteMatch.GrpcRouteMatchOptions", "*"},
    {ROUTE_NS "HeaderMatcher", "*"},
    {ROUTE_NS "QueryParameterMatcher", "*"},
    {ROUTE_NS "RouteAction",
     "cluster cluster_header weighted_clusters cluster_not_found_response_code prefix_rewrite "
     "regex_rewrite host_rewrite_literal "
     "auto_host_rewrite host_rewrite_header host_rewrite_path_regex append_x_forwarded_host "
     "path_rewrite_policy path_rewrite host_rewrite cluster_specifier_plugin "
     "inline_cluster_specifier_plugin timeout idle_timeout flush_timeout retry_policy "
     "request_mirror_policies priority max_grpc_timeout grpc_timeout_offset "
     "upgrade_configs max_stream_duration rate_limits include_vh_rate_limits hash_policy "
     "hedge_policy internal_redirect_policy internal_redirect_action max_internal_redirects "
     "metadata_match"},
    {ROUTE_NS "RouteAction.HashPolicy", "*"},
    {ROUTE_NS "RouteAction.HashPolicy.Header", "*"},
    {ROUTE_NS "RouteAction.HashPolicy.Cookie", "*"},
    {ROUTE_NS "RouteAction.HashPolicy.CookieAttribute", "*"},
    {ROUTE_NS "RouteAction.HashPolicy.ConnectionProperties", "*"},
    {ROUTE_NS "RouteAction.HashPolicy.QueryParameter", "*"},
    {ROUTE_NS "RouteAction.HashPolicy.FilterState", "*"},
    {ROUTE_NS "RateLimit", "stage disable_key actions hits_addend"},
    {ROUTE_NS "RateLimit.HitsAddend", "number"},
    {ROUTE_NS "RateLimit.Action",
     "source_cluster destination_cluster request_headers query_parameters remote_address "
     "generic_key header_value_match dynamic_metadata metadata masked_remote_address "
     "query_parameter_value_match"},
    {ROUTE_NS "RateLimit.Action.SourceCluster", "*"},
    {ROUTE_NS "RateLimit.Action.DestinationCluster", "*"},
    {ROUTE_NS "RateLimit.Action.RequestHeaders", "*"},
    {ROUTE_NS "RateLimit.Action.QueryParameters", "*"},
    {ROUTE_NS "RateLimit.Action.RemoteAddress", "*"},
    {ROUTE_NS "RateLimit.Action.MaskedRemoteAddress", "*"},
    {ROUTE_NS "RateLimit.Action.GenericKey", "*"},
    {ROUTE_NS "RateLimit.Action.HeaderValueMatch", "*"},
    {ROUTE_NS "RateLimit.Action.DynamicMetaData", "*"},
    {ROUTE_NS "RateLimit.Action.MetaData", "*"},
    {ROUTE_NS "RateLimit.Action.QueryParameterValueMatch", "*"},
    {ROUTE_NS "RouteAction.RequestMirrorPolicy",
     "cluster cluster_header runtime_fraction disable_shadow_host_suffix_append "
     "request_headers_mutations host_rewrite_literal"},
    {ROUTE_NS "RouteAction.UpgradeConfig", "upgrade_type enabled connect_config"},
    {ROUTE_NS "RouteAction.UpgradeConfig.ConnectConfig", "allow_post"},
    {ROUTE_NS "RouteAction.MaxStreamDuration", "*"},
    {ROUTE_NS "WeightedCluster", "clusters header_name use_hash_policy runtime_key_prefix"},
    {ROUTE_NS "WeightedCluster.ClusterWeight",
     HEADER_FIELDS "name cluster_header weight host_rewrite_literal metadata_match"},
    {ROUTE_NS "RetryPolicy",
     "retry_on num_retries per_try_timeout per_try_idle_timeout retriable_status_codes "
     "retry_host_predicate host_selection_retry_max_attempts retry_back_off retriable_headers "
     "retriable_request_headers rate_limited_retry_back_off retry_priority"},
    {ROUTE_NS "RetryPolicy.RetryHostPredicate", "*"},
    {ROUTE_NS "RetryPolicy.RateLimitedRetryBackOff", "*"},
    {ROUTE_NS "RetryPolicy.ResetHeader", "*"},
    {ROUTE_NS "RetryPolicy.RetryPriority", "*"},
    {"envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate", "*"},
    {"envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig", "*"},
    {"envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", "*"},
    {ROUTE_NS "HedgePolicy", "hedge_on_per_try_timeout"},
    {ROUTE_NS "InternalRedirectPolicy", "*"},
    {"envoy.extensions.internal_redirect.previous_routes.v3.PreviousRoutesConfig", "*"},
    {"envoy.extensions.internal_redirect.allow_listed_routes.v3.AllowListedRoutesConfig", "*"},
    {"envoy.extensions.internal_redirect.safe_cross_scheme.v3.SafeCrossSchemeConfig", "*"},
    {"envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", "*"},
    {ROUTE_NS "RetryPolicy.RetryBackOff", "*"},
    {ROUTE_NS "RedirectAction", "*"},
    {ROUTE_NS "DirectResponseAction", "*"},
    {ROUTE_NS "NonForwardingAction", "*"},
    {ROUTE_NS "FilterConfig", "*"},
};

constexpr HarmlessField kHarmless[] = {
    {"envoy.extensions.matching.input_matchers.ip.v3.Ip", "stat_prefix",
     "what is no address is not counted"},
    {ROUTE_NS "ClusterSpecifierPlugin", "extension",
     "there is no cluster specifier: what needs an optional one matches nothing"},
    {ROUTE_NS "RouteConfiguration", "metadata", "kept for /config_dump only"},
    {ROUTE_NS "Route", "decorator", "no spans are made"},
    {ROUTE_NS "Route", "tracing", "no spans are made"},
    {ROUTE_NS "RouteAction", "early_data_policy", "there is no TLS early data"},
    {ROUTE_NS "RouteAction.RequestMirrorPolicy", "trace_sampled", "no spans are made"},
    {ROUTE_NS "HedgePolicy", "initial_requests", "Envoy does not implement it either"},
    {ROUTE_NS "HedgePolicy", "additional_request_chance", "Envoy does not implement it either"},
    {ROUTE_NS "WeightedCluster", "total_weight", "the total is the sum of the weights"},
};

#undef HEADER_FIELDS
#undef INPUT_NS
#undef MATCHER_NS
#undef ROUTE_NS

}  // namespace

constinit const FieldTable kRouteFields = {"Routes", kWorking, kHarmless};

}  // namespace outrigger::xds
