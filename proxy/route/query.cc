#include "proxy/route/query.h"

#include <algorithm>

namespace outrigger::route {

std::optional<std::string_view> query_value(std::string_view path, std::string_view name) {
  size_t question = path.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = path.substr(question + 1);
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view parameter = query.substr(0, end);
    size_t equals = parameter.find('=');
    if (parameter.substr(0, equals) == name) {
      return equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

bool matches(const config::QueryMatch& match, std::string_view path) {
  std::optional<std::string_view> value = query_value(path, match.name);
  if (match.string) return value && match.string->matches(*value);
  return value.has_value() == match.expect_present;
}

bool matches_all(const std::vector<config::QueryMatch>& conditions, std::string_view path) {
  return std::ranges::all_of(
      conditions, [path](const config::QueryMatch& match) { return matches(match, path); });
}

}  // namespace outrigger::route
