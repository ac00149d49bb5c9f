#include "api/config/header_match.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/http/single_field.h"

namespace outrigger::config {
namespace {

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

bool joined_matches(const HeaderMatch& match, const http::HeaderMap& headers,
                    const http::HeaderField& first) {
  if (headers.count(match.name) == 1) return value_matches(match, first.value);
  std::string joined;
  for (const http::HeaderField& field : headers.fields()) {
    if (field.id != first.id) continue;
    if (&field != &first) joined += ',';
    joined += field.value;
  }
  return value_matches(match, joined);
}

}  // namespace

bool matches(const HeaderMatch& match, const http::HeaderMap& headers) {
  const http::HeaderField* first = headers.find(match.name);
  if (first == nullptr) {
    if (match.treat_missing_as_empty) return value_matches(match, {}) != match.invert;
    // Only a condition on presence can hold of a missing header.
    if (match.kind != HeaderMatch::Kind::present) return false;
    return match.expect_present == match.invert;
  }
  if (http::is_single_field(first->id)) {
    return joined_matches(match, headers, *first) != match.invert;
  }
  std::span<const http::HeaderField> fields = headers.fields();
  bool any = std::any_of(first, fields.data() + fields.size(), [&](const http::HeaderField& field) {
    return field.id == first->id && field.name == first->name && value_matches(match, field.value);
  });
  return any != match.invert;
}

}  // namespace outrigger::config
