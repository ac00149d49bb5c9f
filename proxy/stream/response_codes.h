// Counting of response codes the same way everywhere: classes (2xx) and single codes.
#pragma once

#include "api/http/header_map.h"
#include "api/stats_cluster.h"

namespace outrigger::stream {

// The number in :status; 0 if it is none.
inline int status_of(const http::HeaderMap& headers) {
  uint64_t code = 0;
  return http::parse_decimal(headers.get(http::HeaderId::status), code) && code < 1000
             ? static_cast<int>(code)
             : 0;
}

// `stats` has <prefix>_1xx .. _5xx as members; returns the one for the code, or nullptr.
template <class Stats>
Counter* class_counter(int code, Counter Stats::*const (&members)[5], Stats& stats) {
  int index = code / 100 - 1;
  return index < 0 || index > 4 ? nullptr : &(stats.*members[index]);
}

inline void count_upstream_response(ClusterStats& stats, int code) {
  static constexpr Counter ClusterStats::*kClasses[5] = {
      &ClusterStats::upstream_rq_1xx, &ClusterStats::upstream_rq_2xx,
      &ClusterStats::upstream_rq_3xx, &ClusterStats::upstream_rq_4xx,
      &ClusterStats::upstream_rq_5xx};
  if (Counter* counter = class_counter(code, kClasses, stats)) counter->inc();
  stats.upstream_rq.inc(code);
  stats.upstream_rq_completed.inc();
}

inline void count_upstream_response(ClusterStats& stats, const http::HeaderMap& headers) {
  count_upstream_response(stats, status_of(headers));
}

}  // namespace outrigger::stream
