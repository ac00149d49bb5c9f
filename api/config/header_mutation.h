// Header additions and removals, at every level (route configuration, virtual host, route, weighted
// cluster, filters). Semantics: envoy.config.core.v3.HeaderValueOption. Thread: any; immutable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/config/substitution.h"

namespace outrigger::config {

struct HeaderAddition {
  enum class Action : uint8_t {
    append_if_exists_or_add,
    add_if_absent,
    overwrite_if_exists_or_add,
    overwrite_if_exists
  };
  std::string name;          // lower case
  SubstitutionFormat value;  // one literal where nothing is substituted
  Action action = Action::append_if_exists_or_add;
  bool keep_empty_value = false;
};

struct HeaderMutations {
  std::vector<HeaderAddition> add;
  std::vector<std::string> remove;  // lower case

  bool empty() const { return add.empty() && remove.empty(); }
};

}  // namespace outrigger::config
