// vhost.<virtual host>.vcluster.<virtual cluster>.* and vhost.<virtual host>.route.<stat_prefix>.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#statistics
#pragma once

#include "api/stats_cluster.h"

namespace outrigger {

#define OUTRIGGER_ROUTE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(upstream_rq_retry)                                    \
  COUNTER(upstream_rq_retry_limit_exceeded)                     \
  COUNTER(upstream_rq_retry_overflow)                           \
  COUNTER(upstream_rq_retry_success)                            \
  COUNTER(upstream_rq_timeout)                                  \
  COUNTER(upstream_rq_total)
OUTRIGGER_STATS_STRUCT(RouteStats, false,
                       OUTRIGGER_STATS_MEMBERS(OUTRIGGER_ROUTE_STATS)
                           OUTRIGGER_STATS_MEMBERS(OUTRIGGER_CLUSTER_CODE_STATS),
                       OUTRIGGER_STATS_FIELDS(OUTRIGGER_ROUTE_STATS)
                           OUTRIGGER_STATS_ONCE_USED(OUTRIGGER_CLUSTER_CODE_STATS))

}  // namespace outrigger
