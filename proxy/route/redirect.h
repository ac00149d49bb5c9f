// Location of redirects. Pure; the text lives in the arena.
#pragma once

#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"

namespace outrigger::route {

// Precondition: `route` redirects. Scheme and port: those of the request unless the route says
// otherwise; a port that is the default of the scheme being left is dropped.
std::string_view redirect_location(const config::Route& route, const http::HeaderMap& headers,
                                   Arena& arena);

// For RouteMatchResult::needs_tls; the code is 301.
std::string_view tls_redirect_location(const http::HeaderMap& headers, Arena& arena);

}  // namespace outrigger::route
