// outriggerctl route-check: runs a test file against routes, or explains one request. Output and
// exit codes are those of Envoy's router_check_tool. Thread: main.
// https://www.envoyproxy.io/docs/envoy/latest/operations/tools/route_table_check_tool
#pragma once

#include <iosfwd>

#include "tools/ctl/options.h"

namespace outrigger::ctl {

// The exit code: 0, or 1 for whatever is not as it should be.
int route_check(const RouteCheckOptions& options, std::ostream& out, std::ostream& err);

}  // namespace outrigger::ctl
