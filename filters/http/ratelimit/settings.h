// Settings: which service knows the limits, and what is done with its word, compiled. Thread: any;
// immutable. Lifetime: the factory's or the route table's. Semantics:
// envoy.extensions.filters.http.ratelimit.v3.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/config/rate_limit.h"
#include "api/config/route_match.h"
#include "api/filter/http_filter.h"
#include "api/filter/rate_limit_descriptor.h"
#include "api/grpc/client.h"

namespace outrigger::filters::ratelimit {

struct Settings {
  std::string domain;
  uint32_t stage = 0;
  bool of_internal = true, of_external = true;  // requests by their origin
  config::GrpcService service;
  std::chrono::milliseconds timeout{20};
  bool failure_deny = false;
  std::optional<config::RuntimeFraction> failure_deny_share;
  config::RuntimeFraction enabled, enforced;
  bool rate_limit_headers = false;  // x-ratelimit-*
  bool say_rate_limited = true;     // x-envoy-ratelimited
  int limited_status = 429;
  int error_status = 500;
  int grpc_status = -1;  // of a refusal; -1: derived from the status
  config::HeaderMutations response;
  std::vector<config::RateLimit> rate_limits;  // instead of the route's
};

struct RateLimitRouteConfig final : FilterRouteConfig {
  HostRateLimits of_host = HostRateLimits::overridden;
  std::vector<config::RateLimit> rate_limits;
  std::string domain;
};

}  // namespace outrigger::filters::ratelimit
