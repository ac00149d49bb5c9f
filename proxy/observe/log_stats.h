// filesystem.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/stats
// write_dropped is ours: lines that were too long or that a slow disk left no room for.
#pragma once

#include "api/stats.h"

namespace outrigger::observe {

#define OUTRIGGER_FILESYSTEM_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(flushed_by_timer)                                          \
  COUNTER(reopen_failed)                                             \
  COUNTER(write_buffered)                                            \
  COUNTER(write_completed)                                           \
  COUNTER(write_dropped)                                             \
  COUNTER(write_failed)                                              \
  GAUGE(write_total_buffered)
OUTRIGGER_DEFINE_STATS(FilesystemStats, OUTRIGGER_FILESYSTEM_STATS)

}  // namespace outrigger::observe
