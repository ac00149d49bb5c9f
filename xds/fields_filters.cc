// HTTP filters.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

constexpr WorkingFields kWorking[] = {
    {"envoy.extensions.filters.http.router.v3.Router",
     "dynamic_stats suppress_envoy_headers respect_expected_rq_timeout "
     "suppress_grpc_request_failure_code_stats"},
};

constexpr HarmlessField kHarmless[] = {
    {"envoy.extensions.filters.http.router.v3.Router", "start_child_span", "no spans are made"},
};

}  // namespace

constinit const FieldTable kFilterFields = {"HTTP filters", kWorking, kHarmless};

}  // namespace outrigger::xds
