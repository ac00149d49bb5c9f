// MetadataMatcher: a condition on a value of metadata; ValueMatcher: on a value alone. Used by
// policies, access-log filters and routes. Semantics: envoy.type.matcher.v3.MetadataMatcher,
// ValueMatcher. Thread: any; immutable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/config/string_matcher.h"
#include "api/metadata.h"

namespace outrigger::config {

struct ValueMatcher {
  enum class Kind : uint8_t {
    null,
    number_range,  // [low, high)
    number,        // low
    string,
    boolean,
    present,  // or absent, unless `flag`
    list_of,  // a list of which one element matches children[0]
    any_of,   // one of the children matches
  };
  Kind kind = Kind::null;
  bool flag = true;
  double low = 0, high = 0;
  StringMatcher string_match;
  std::vector<ValueMatcher> children;

  // nullptr: there is no value.
  bool matches(const MetadataValue* value) const;
};

struct MetadataMatcher {
  std::string filter;
  std::vector<std::string> path;
  ValueMatcher value;
  bool invert = false;

  bool matches(const Metadata& metadata) const;
};

}  // namespace outrigger::config
