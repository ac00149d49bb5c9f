// Query parameters of a :path. Pure. Names and values count as they stand on the wire,
// percent-encoding included, as in Envoy; of a repeated parameter the first value counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/route_match.h"

namespace outrigger::route {

// Empty where the parameter has no "=". Absent: no such parameter.
std::optional<std::string_view> query_value(std::string_view path, std::string_view name);
// The same with names and values percent-decoded, as generic matchers read them.
std::optional<std::string> decoded_query_value(std::string_view path, std::string_view name);

bool matches(const config::QueryMatch& match, std::string_view path);
bool matches_all(const std::vector<config::QueryMatch>& conditions, std::string_view path);

}  // namespace outrigger::route
