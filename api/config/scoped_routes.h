// ScopedRoutes: which of several route tables a request is matched against, by a key that is made
// of its headers. Thread: any; immutable but for its slots. Semantics:
// envoy...http_connection_manager.v3.ScopedRoutes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/route.h"
#include "api/config/slot.h"

namespace outrigger::config {

// One part of the key: a header's value, or the element of it at a place, or that of a key.
struct ScopeKeyPart {
  std::string header;     // lower case
  std::string separator;  // between elements; empty: the whole value is one
  std::optional<uint32_t> index;
  std::optional<std::string> key;  // the first element "<key><key_separator><value>"
  std::string key_separator;
};

// Parts of a key, each behind its length, so that no two keys are alike by accident.
using ScopeKey = std::string;
inline void append_scope_key_part(ScopeKey& key, std::string_view part) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

struct ScopeTable {
  TextMap<std::shared_ptr<const Slot<RouteTable>>> scopes;  // by ScopeKey
};

struct ScopedRoutes {
  std::vector<ScopeKeyPart> key_parts;
  std::shared_ptr<const Slot<ScopeTable>> table;
};

}  // namespace outrigger::config
