// Settings of a local rate limit, of the filter or of a route, compiled. Thread: any; immutable but
// for the limiter's buckets. Lifetime: the factory's or the route table's. Semantics:
// envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "api/config/header_mutation.h"
#include "api/config/rate_limit.h"
#include "api/config/route_match.h"
#include "api/filter/http_filter.h"
#include "api/filter/rate_limit_descriptor.h"
#include "api/stats.h"
#include "filters/http/local_ratelimit/limiter.h"

namespace outrigger::filters::http_local_ratelimit {

#define OUTRIGGER_HTTP_LOCAL_RATE_LIMIT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(enabled)                                                              \
  COUNTER(enforced)                                                             \
  COUNTER(ok)                                                                   \
  COUNTER(rate_limited)
OUTRIGGER_DEFINE_STATS(LocalRateLimitStats, OUTRIGGER_HTTP_LOCAL_RATE_LIMIT_STATS)

struct Settings {
  int status = 429;
  // Absent: never.
  std::optional<config::RuntimeFraction> enabled, enforced;
  config::HeaderMutations request_when_not_enforced;
  config::HeaderMutations response;            // of a refusal
  std::vector<config::RateLimit> rate_limits;  // instead of the route's
  uint32_t stage = 0;
  HostRateLimits of_host = HostRateLimits::overridden;
  bool rate_limit_headers = false;  // x-ratelimit-*
  int grpc_status = -1;             // of a refusal; -1: derived from the status
  std::shared_ptr<Limiter> limiter = std::make_shared<Limiter>();
  bool per_connection = false;  // each downstream connection has buckets of its own, as full
  StatsScopePtr stats;
};

struct LocalRateLimitRouteConfig final : FilterRouteConfig {
  Settings settings;
};

}  // namespace outrigger::filters::http_local_ratelimit
