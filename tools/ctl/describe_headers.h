// The header additions and removals that a request of a route meets, level by level, as they are
// written. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "tools/ctl/decision.h"

namespace outrigger::ctl {

void describe_headers(const LoadedRoutes& routes, const Decision& decision,
                      std::vector<std::string>& out);

}  // namespace outrigger::ctl
