#include "api/config/string_matcher.h"

#include <algorithm>

#include "api/http/header_map.h"

namespace outrigger::config {
namespace {

bool equal(std::string_view a, std::string_view b, bool ignore_case) {
  return ignore_case ? http::equals_ignore_case(a, b) : a == b;
}

bool contains(std::string_view value, std::string_view text, bool ignore_case) {
  if (!ignore_case) return value.find(text) != std::string_view::npos;
  for (size_t at = 0; at + text.size() <= value.size(); ++at) {
    if (http::equals_ignore_case(value.substr(at, text.size()), text)) return true;
  }
  return false;
}

}  // namespace

bool StringMatcher::matches(std::string_view value) const {
  switch (kind) {
    case Kind::exact:
      return equal(value, text, ignore_case);
    case Kind::prefix:
      return value.size() >= text.size() && equal(value.substr(0, text.size()), text, ignore_case);
    case Kind::suffix:
      return value.size() >= text.size() &&
             equal(value.substr(value.size() - text.size()), text, ignore_case);
    case Kind::contains:
      return contains(value, text, ignore_case);
    case Kind::regex:
      return regex->full_match(value);
  }
  return false;
}

}  // namespace outrigger::config
