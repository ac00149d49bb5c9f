// Header conditions of routes, access logs, retries and filters. Pure.
// Of several fields of one name, one that matches is enough. A missing header matches nothing but
// `present_match: false`, inverted or not.
#pragma once

#include <span>
#include <vector>

#include "api/arena.h"
#include "api/config/route_match.h"
#include "api/http/header_map.h"

namespace outrigger::route {

bool matches(const config::HeaderMatch& match, const http::HeaderMap& headers, Arena& scratch);
bool matches_all(std::span<const config::HeaderMatch> conditions, const http::HeaderMap& headers,
                 Arena& scratch);
// False for an empty list.
bool matches_any(const std::vector<config::HeaderMatch>& conditions, const http::HeaderMap& headers,
                 Arena& scratch);

}  // namespace outrigger::route
