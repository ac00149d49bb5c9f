// Mutations: what one level (the filter, or one typed_per_filter_config) changes of a message, in
// the order of the configuration. Thread: any; immutable. Lifetime: the factory's or route table's.
// Semantics: envoy.extensions.filters.http.header_mutation.v3.Mutations.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/config/string_matcher.h"
#include "api/filter/http_filter.h"
#include "filters/http/header_mutation/query_mutation.h"

namespace outrigger::filters::header_mutation {

struct RemoveHeader {
  std::string name;  // lower case
};
struct RemoveMatchingHeaders {
  config::StringMatcher name;
};
using HeaderMutation = std::variant<config::HeaderAddition, RemoveHeader, RemoveMatchingHeaders>;

struct Mutations {
  std::vector<HeaderMutation> request;
  std::vector<HeaderMutation> request_trailers;
  std::vector<HeaderMutation> response;
  std::vector<HeaderMutation> response_trailers;
  std::vector<QueryMutation> query;
};

// Each mutation sees what those before it made of the message.
void apply(const std::vector<HeaderMutation>& mutations, http::HeaderMap& headers,
           FilterContext& context);

}  // namespace outrigger::filters::header_mutation
