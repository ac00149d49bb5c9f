// http.<stat_prefix>.jwt_authn.*
#pragma once

#include "api/stats.h"

namespace outrigger::filters::jwt_authn {

#define OUTRIGGER_JWT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(allowed)                                            \
  COUNTER(cors_preflight_bypassed)                            \
  COUNTER(denied)                                             \
  COUNTER(jwks_fetch_failed)                                  \
  COUNTER(jwks_fetch_success)                                 \
  COUNTER(jwt_cache_hit)                                      \
  COUNTER(jwt_cache_miss)
OUTRIGGER_DEFINE_STATS(JwtStats, OUTRIGGER_JWT_STATS)

}  // namespace outrigger::filters::jwt_authn
