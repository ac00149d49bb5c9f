// What a request is to a rate limit: the descriptors that its route's, virtual host's or filter's
// rate_limits make of it. Thread: the stream's worker; pure. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-ratelimit
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/config/rate_limit.h"
#include "api/filter/http_filter.h"

namespace outrigger {

struct RateLimitDescriptor {
  std::vector<std::pair<std::string, std::string>> entries;
  std::optional<uint64_t> hits;
};

// What becomes of the virtual host's rate limits where a route has its own.
enum class HostRateLimits : uint8_t {
  overridden,
  included,
  ignored
};

// Those of this stage, in their order; one whose action finds nothing makes no descriptor.
void describe_request(FilterContext& context, const std::vector<config::RateLimit>& limits,
                      uint32_t stage, std::vector<RateLimitDescriptor>& out);

// Of the request's route and virtual host.
std::vector<RateLimitDescriptor> describe_routed_request(FilterContext& context, uint32_t stage,
                                                         HostRateLimits of_host);

}  // namespace outrigger
