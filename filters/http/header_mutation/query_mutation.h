// QueryMutation: one change of the query in a :path. Names are compared decoded; what is added is
// percent-encoded; parameters that nothing changes stay as they came, in their order. Thread: any;
// immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/filter/http_filter.h"

namespace outrigger::filters::header_mutation {

struct QueryMutation {
  std::string name;
  bool remove = false;
  config::SubstitutionFormat value;
  config::HeaderAddition::Action action = config::HeaderAddition::Action::append_if_exists_or_add;
};

// `path` with its query changed, in the context's arena.
std::string_view apply(const std::vector<QueryMutation>& mutations, std::string_view path,
                       FilterContext& context);

// Everything but letters, digits and "-_.~" as %XX.
std::string percent_encode(std::string_view text);
// A "%" that two hexadecimal digits do not follow stands for itself.
std::string percent_decode(std::string_view text);

}  // namespace outrigger::filters::header_mutation
