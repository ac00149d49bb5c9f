// The conditions of a route: path, headers, query parameters, fraction, and what is known of its
// stream. Thread: any; immutable.
// Semantics: envoy.config.route.v3.RouteMatch, HeaderMatcher, QueryParameterMatcher.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/string_matcher.h"
#include "api/http/header_map.h"

namespace outrigger::config {

struct PathMatch {
  enum class Kind : uint8_t {
    prefix,
    path,
    regex,
    path_separated_prefix,
    path_template,  // `regex` is made of it
    connect
  };
  Kind kind = Kind::prefix;
  bool case_sensitive = true;
  std::string text;
  RegexPtr regex;
};

struct HeaderMatch {
  enum class Kind : uint8_t {
    present,
    string,
    range
  };
  Kind kind = Kind::present;
  bool invert = false;
  bool treat_missing_as_empty = false;
  bool expect_present = true;  // present_match: false matches the absence
  std::string name;            // lower case
  StringMatcher string;
  int64_t range_start = 0;  // [start, end)
  int64_t range_end = 0;
};

struct QueryMatch {
  std::string name;
  std::optional<StringMatcher> string;  // absent: present_match
  bool expect_present = true;
};

// envoy.config.core.v3.RuntimeFractionalPercent: numerator of a million; the runtime key may
// override it.
struct RuntimeFraction {
  uint32_t per_million = 1'000'000;
  std::string runtime_key;
};

struct StreamConditions;  // api/config/stream_conditions.h

struct RouteMatch {
  PathMatch path;
  std::vector<HeaderMatch> headers;
  std::vector<QueryMatch> query;
  std::optional<RuntimeFraction> fraction;
  bool grpc_only = false;
  std::shared_ptr<const StreamConditions> stream;  // nullptr: none
};

}  // namespace outrigger::config
