// What a matched route would do, in plain words, a line each. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "tools/ctl/decision.h"

namespace outrigger::ctl {

std::vector<std::string> describe_action(const LoadedRoutes& routes, const Decision& decision,
                                         const Request& request);

}  // namespace outrigger::ctl
