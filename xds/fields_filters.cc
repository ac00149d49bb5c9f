// HTTP filters.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define HTTP_NS "envoy.extensions.filters.http."
#define COMMON_FAULT_NS "envoy.extensions.filters.common.fault.v3."

constexpr WorkingFields kWorking[] = {
    {HTTP_NS "router.v3.Router",
     "suppress_envoy_headers respect_expected_rq_timeout "
     "strict_check_headers upstream_log upstream_log_options"},
    {HTTP_NS "router.v3.Router.UpstreamAccessLogOptions", "*"},
    {HTTP_NS "buffer.v3.Buffer", "*"},
    {HTTP_NS "buffer.v3.BufferPerRoute", "*"},
    {HTTP_NS "cors.v3.Cors", "*"},
    {HTTP_NS "cors.v3.CorsPolicy", "*"},
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
    {HTTP_NS "health_check.v3.HealthCheck", "*"},
};

constexpr HarmlessField kHarmless[] = {
    {HTTP_NS "router.v3.Router", "dynamic_stats", "statistics are always kept"},
    {HTTP_NS "router.v3.Router", "suppress_grpc_request_failure_code_stats",
     "responses are counted by their HTTP status"},
    {HTTP_NS "router.v3.Router", "start_child_span", "no spans are made"},
    {HTTP_NS "fault.v3.HTTPFault", "filter_metadata",
     "there is no dynamic metadata that could show it"},
};

#undef COMMON_FAULT_NS
#undef HTTP_NS

}  // namespace

constinit const FieldTable kFilterFields = {"HTTP filters", kWorking, kHarmless};

}  // namespace outrigger::xds
