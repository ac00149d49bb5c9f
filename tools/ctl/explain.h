// Explains one request: which virtual hosts and routes were tried, which condition of each failed,
// and what becomes of the request. A walk of its own over the table: the proxy's matcher answers
// faster because it need not know why. Thread: main.
#pragma once

#include <string>

#include "proxy/route/match.h"
#include "tools/ctl/route_source.h"
#include "tools/ctl/test_case.h"

namespace outrigger::ctl {

std::string explain(const LoadedRoutes& routes, const TestInput& input,
                    const route::FractionSource& fractions);

}  // namespace outrigger::ctl
