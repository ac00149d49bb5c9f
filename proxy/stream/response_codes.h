// Counting of response codes the same way everywhere: classes (2xx) and single codes.
#pragma once

#include "api/http/header_map.h"
#include "api/response_classes.h"
#include "api/stats_cluster.h"

namespace outrigger::stream {

// The number in :status; 0 if it is none.
inline int status_of(const http::HeaderMap& headers) {
  uint64_t code = 0;
  return http::parse_decimal(headers.get(http::HeaderId::status), code) && code < 1000
             ? static_cast<int>(code)
             : 0;
}

// Stats: ClusterStats or ClusterCodeStats.
template <class Stats>
void count_upstream_response(Stats& stats, int code) {
  static constexpr Counter Stats::*kClasses[5] = {&Stats::upstream_rq_1xx, &Stats::upstream_rq_2xx,
                                                  &Stats::upstream_rq_3xx, &Stats::upstream_rq_4xx,
                                                  &Stats::upstream_rq_5xx};
  if (Counter* counter = class_counter(code, kClasses, stats)) counter->inc();
  stats.upstream_rq.inc(code);
  stats.upstream_rq_completed.inc();
}

}  // namespace outrigger::stream
