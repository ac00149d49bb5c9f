// Conditions of routes in plain words, and which of them a request does not fulfil. Every decision
// is one of proxy/route's predicates, asked for one condition at a time. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "api/config/route.h"
#include "proxy/route/match.h"

namespace outrigger::ctl {

// `prefix "/api", header "x-canary"`
std::string describe(const config::RouteMatch& match);
std::string describe(const config::StringMatcher& matcher);

// Why the request is not the route's, one sentence for each condition that fails; empty: it is.
std::vector<std::string> failed_conditions(const config::RouteTable& table,
                                           const config::RouteMatch& match,
                                           const route::RouteInput& input);

}  // namespace outrigger::ctl
