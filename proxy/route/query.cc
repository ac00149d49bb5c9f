#include "proxy/route/query.h"

#include <algorithm>

namespace outrigger::route {

namespace {

// The value of the first parameter whose name is_name() accepts.
template <class IsName>
std::optional<std::string_view> find_parameter(std::string_view path, IsName is_name) {
  size_t question = path.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = path.substr(question + 1);
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view parameter = query.substr(0, end);
    size_t equals = parameter.find('=');
    if (is_name(parameter.substr(0, equals))) {
      return equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// What is no escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    int high = text[at] == '%' && at + 2 < text.size() ? hexadecimal(text[at + 1]) : -1;
    int low = high < 0 ? -1 : hexadecimal(text[at + 2]);
    if (low < 0) {
      out += text[at];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

}  // namespace

std::optional<std::string_view> query_value(std::string_view path, std::string_view name) {
  return find_parameter(path, [name](std::string_view each) { return each == name; });
}

std::optional<std::string> decoded_query_value(std::string_view path, std::string_view name) {
  auto found = find_parameter(path, [name](std::string_view each) {
    return each.find('%') == std::string_view::npos ? each == name : percent_decoded(each) == name;
  });
  if (!found) return std::nullopt;
  return percent_decoded(*found);
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
