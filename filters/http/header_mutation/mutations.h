// Mutations: what one level (the filter, or one typed_per_filter_config) changes of a message, in
// the order of the configuration. Thread: any; immutable. Lifetime: the factory's or route table's.
// Semantics: envoy.extensions.filters.http.header_mutation.v3.Mutations.
#pragma once

#include <vector>

#include "api/config/route.h"
#include "filters/http/header_mutation/query_mutation.h"

namespace outrigger::filters::header_mutation {

struct Mutations {
  std::vector<config::HeaderStep> request;
  std::vector<config::HeaderStep> request_trailers;
  std::vector<config::HeaderStep> response;
  std::vector<config::HeaderStep> response_trailers;
  std::vector<QueryMutation> query;
};

}  // namespace outrigger::filters::header_mutation
