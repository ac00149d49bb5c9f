// What a rate limit service is asked, and what it answers: envoy.service.ratelimit.v3 as octets.
// Thread: the stream's worker; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/filter/rate_limit_descriptor.h"
#include "api/metadata.h"

namespace outrigger::filters::ratelimit {

inline constexpr std::string_view kMethod =
    "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

struct LimitAnswer {
  bool over_limit = false;
  std::vector<std::pair<std::string, std::string>> request_headers, response_headers;  // lower case
  std::string body;
  // x-ratelimit-limit, -remaining, -reset; empty: the service tells no limit.
  std::string limit, remaining, reset;
};

std::string make_limit_message(const std::string& domain,
                               const std::vector<RateLimitDescriptor>& descriptors);
// nullopt: it is no such message.
std::optional<LimitAnswer> read_limit_message(std::string_view octets);

}  // namespace outrigger::filters::ratelimit
