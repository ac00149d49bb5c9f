// RateLimit: which descriptor a request has for rate limiting, compiled; of a virtual host, a route
// or a filter. Thread: any; immutable. Semantics: envoy.config.route.v3.RateLimit. Evaluated by
// api/rate_limit_descriptor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/config/metadata_path.h"
#include "api/config/route_match.h"

namespace outrigger::config {

// One entry of the descriptor, or none: then there is no descriptor.
struct RateLimitAction {
  enum class Kind : uint8_t {
    source_cluster,
    destination_cluster,
    request_header,
    remote_address,
    masked_remote_address,
    generic_key,
    condition,  // `value`, if `condition` holds for the request (or if it does not)
    query_parameter,
    dynamic_metadata,
    route_metadata
  };
  Kind kind = Kind::generic_key;
  std::string key;    // of the entry
  std::string value;  // generic_key, condition; of metadata: where it has none
  std::string name;   // of the header or query parameter
  bool skip_if_absent = false;
  bool expect_match = true;
  RouteMatch condition;
  uint32_t v4_prefix = 32, v6_prefix = 128;
  MetadataPath metadata;
};

struct RateLimit {
  uint32_t stage = 0;
  std::string disable_key;
  std::vector<RateLimitAction> actions;
  std::optional<uint64_t> hits;  // how much one request counts; absent: as the filter says
};

}  // namespace outrigger::config
