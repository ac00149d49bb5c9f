// StreamConditions: the conditions of a route on what is known of the request's stream besides its
// head: the client's certificate and what filters found out. Thread: any; immutable. Semantics:
// envoy.config.route.v3.RouteMatch (tls_context, dynamic_metadata, filter_state).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/config/metadata_matcher.h"
#include "api/config/string_matcher.h"
#include "api/net/cidr.h"
#include "api/stream_info.h"

namespace outrigger::config {

// A condition on a filter state object: on its text, or on the address that it is.
struct FilterStateMatch {
  std::string key;
  std::optional<StringMatcher> text;
  std::vector<net::Cidr> ranges;  // without `text`: it is in one of them

  // nullptr: there is no such object, and nothing matches.
  bool matches(const std::string* value) const;
};

struct StreamConditions {
  std::optional<bool> certificate_presented;
  std::optional<bool> certificate_validated;
  std::vector<MetadataMatcher> metadata;
  std::vector<FilterStateMatch> filter_state;

  bool match(const StreamInfo& info) const;
};

// Of the stream, or else of its connection. nullptr: not set.
const std::string* find_filter_state(const StreamInfo& info, std::string_view name);

}  // namespace outrigger::config
