// StringMatcher: envoy.type.matcher.v3.StringMatcher, compiled. Thread: any; immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/config/regex.h"

namespace outrigger::config {

struct StringMatcher {
  enum class Kind : uint8_t {
    exact,
    prefix,
    suffix,
    contains,
    regex
  };
  Kind kind = Kind::exact;
  bool ignore_case = false;
  std::string text;  // lower case when ignore_case
  RegexPtr regex;

  bool matches(std::string_view value) const;
  // Of two regular expressions: whether they are the same object.
  bool operator==(const StringMatcher&) const = default;
};

}  // namespace outrigger::config
