// runtime.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/runtime#statistics
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_RUNTIME_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(deprecated_feature_use)                                 \
  COUNTER(load_error)                                             \
  COUNTER(load_success)                                           \
  COUNTER(override_dir_exists)                                    \
  COUNTER(override_dir_not_exists)                                \
  GAUGE(admin_overrides_active)                                   \
  GAUGE(deprecated_feature_seen_since_process_start)              \
  GAUGE(num_keys)                                                 \
  GAUGE(num_layers)
OUTRIGGER_DEFINE_STATS(RuntimeStats, OUTRIGGER_RUNTIME_STATS)

}  // namespace outrigger
