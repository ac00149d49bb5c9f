#include "proxy/route/header_match.h"

#include <algorithm>

#include "api/config/header_match.h"

namespace outrigger::route {

using config::HeaderMatch;

bool matches(const HeaderMatch& match, const http::HeaderMap& headers, Arena&) {
  return config::matches(match, headers);
}

bool matches_all(std::span<const HeaderMatch> conditions, const http::HeaderMap& headers, Arena&) {
  return std::ranges::all_of(
      conditions, [&](const HeaderMatch& match) { return config::matches(match, headers); });
}

bool matches_any(const std::vector<HeaderMatch>& conditions, const http::HeaderMap& headers,
                 Arena&) {
  return std::ranges::any_of(
      conditions, [&](const HeaderMatch& match) { return config::matches(match, headers); });
}

}  // namespace outrigger::route
