// A store with two clusters, as the statistics tests see it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "api/stats.h"
#include "proxy/observe/stats_query.h"
#include "proxy/observe/stats_render.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::observe {

#define OUTRIGGER_SAMPLE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(upstream_rq_total)                                     \
  COUNTER(upstream_rq_2xx)                                       \
  COUNTER(upstream_rq_5xx)                                       \
  GAUGE(upstream_cx_active)                                      \
  HISTOGRAM(upstream_rq_time)                                    \
  CODES(upstream_rq)
OUTRIGGER_DEFINE_STATS(SampleStats, OUTRIGGER_SAMPLE_STATS)

#define OUTRIGGER_NESTED_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) COUNTER(rx_reset)
OUTRIGGER_DEFINE_STATS(NestedStats, OUTRIGGER_NESTED_STATS)

inline StatsScopePtr cluster_scope(StatsStore& store, const std::string& name) {
  return store.scope<SampleStats>("cluster." + name + ".", "cluster.",
                                  {{"envoy.cluster_name", name}});
}

using Parameters = std::vector<std::pair<std::string, std::string>>;

inline std::string render(const StatsStore& store, StatsQuery::Format format,
                          const Parameters& parameters = {}) {
  absl::StatusOr<StatsQuery> query = parse_stats_query(parameters, format);
  if (!query.ok()) return "error: " + std::string(query.status().message());
  std::string out;
  render_stats(store, *query, [&](std::string_view piece) { out += piece; });
  return out;
}

}  // namespace outrigger::observe
