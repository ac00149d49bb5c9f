// Why a request belongs to a virtual host and to none of the others. Thread: main.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/ctl/route_source.h"

namespace outrigger::ctl {

// `host`: the request's; `matched`: what proxy/route found for it, nullptr: nothing.
std::vector<std::string> explain_host(const LoadedRoutes& routes, std::string_view host,
                                      const config::VirtualHost* matched);

}  // namespace outrigger::ctl
