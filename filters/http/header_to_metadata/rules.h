// Rules: which header or cookie becomes which dynamic metadata, compiled. Thread: any; immutable.
// Lifetime: the factory's or route table's. Semantics:
// envoy.extensions.filters.http.header_to_metadata.v3.Config.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/config/regex.h"
#include "api/filter/http_filter.h"
#include "api/stats.h"

namespace outrigger::filters::header_to_metadata {

#define OUTRIGGER_HEADER_TO_METADATA_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(base64_decode_failed)                                              \
  COUNTER(header_value_too_long)                                             \
  COUNTER(regex_substitution_failed)                                         \
  COUNTER(request_header_not_found)                                          \
  COUNTER(request_metadata_added)                                            \
  COUNTER(request_rules_processed)                                           \
  COUNTER(response_header_not_found)                                         \
  COUNTER(response_metadata_added)                                           \
  COUNTER(response_rules_processed)
OUTRIGGER_DEFINE_STATS(HeaderToMetadataStats, OUTRIGGER_HEADER_TO_METADATA_STATS)

enum class ValueType : uint8_t {
  string,
  number,
  protobuf_value
};

// What is written, and where.
struct Target {
  std::string name_space;
  std::string key;
  std::string value;  // in place of the header's; empty: the header's
  ValueType type = ValueType::string;
  bool base64 = false;  // the value is decoded first
};

struct Rule {
  std::string header;  // lower case; empty: the cookie
  std::string cookie;
  bool remove = false;
  std::optional<Target> present, missing;
  config::RegexPtr rewrite;  // of the header's value; nullptr: as it is
  std::string substitution;
};

struct Rules {
  std::vector<Rule> request, response;
  StatsScopePtr stats;  // nullptr: nobody asked for them
};

struct RulesRouteConfig final : FilterRouteConfig {
  Rules rules;
};

}  // namespace outrigger::filters::header_to_metadata
