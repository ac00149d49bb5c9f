#include "proxy/route/header_match.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace outrigger::route {
namespace {

using config::HeaderMatch;

bool in_range(const HeaderMatch& match, std::string_view value) {
  if (value.starts_with('+')) value.remove_prefix(1);
  int64_t number = 0;
  auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return false;
  return number >= match.range_start && number < match.range_end;
}

bool value_matches(const HeaderMatch& match, std::string_view value) {
  switch (match.kind) {
    case HeaderMatch::Kind::present:
      return match.expect_present;
    case HeaderMatch::Kind::string:
      return match.string.matches(value);
    case HeaderMatch::Kind::range:
      return in_range(match, value);
  }
  return false;
}

}  // namespace

bool matches(const HeaderMatch& match, const http::HeaderMap& headers, Arena& scratch) {
  bool found = false;
  std::string_view value = headers.get_all(match.name, scratch, &found);
  if (!found && !match.treat_missing_as_empty) {
    // Only a condition on presence can hold of a missing header.
    if (match.kind != HeaderMatch::Kind::present) return false;
    return match.expect_present == match.invert;
  }
  return value_matches(match, value) != match.invert;
}

bool matches_all(const std::vector<HeaderMatch>& conditions, const http::HeaderMap& headers,
                 Arena& scratch) {
  return std::ranges::all_of(
      conditions, [&](const HeaderMatch& match) { return matches(match, headers, scratch); });
}

bool matches_any(const std::vector<HeaderMatch>& conditions, const http::HeaderMap& headers,
                 Arena& scratch) {
  return std::ranges::any_of(
      conditions, [&](const HeaderMatch& match) { return matches(match, headers, scratch); });
}

}  // namespace outrigger::route
