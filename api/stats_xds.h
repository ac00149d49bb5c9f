// Statistics of subscriptions and of the streams to management servers:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/mgmt_server
#pragma once

#include "api/stats.h"

namespace outrigger {

// cluster_manager.cds., listener_manager.lds., cluster.<name>., http.<prefix>.rds.<name>., ...
#define OUTRIGGER_SUBSCRIPTION_STATS(COUNTER, GAUGE, HISTOGRAM, CODES, TEXT) \
  COUNTER(init_fetch_timeout)                                                \
  COUNTER(update_attempt)                                                    \
  COUNTER(update_failure)                                                    \
  COUNTER(update_rejected)                                                   \
  COUNTER(update_success)                                                    \
  GAUGE(update_time)                                                         \
  GAUGE(version)                                                             \
  HISTOGRAM(update_duration)                                                 \
  TEXT(version_text)
OUTRIGGER_DEFINE_TEXT_STATS(SubscriptionStats, OUTRIGGER_SUBSCRIPTION_STATS)

// http.<prefix>.rds.<route configuration>., besides those of its subscription
#define OUTRIGGER_RDS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(config_reload)                                      \
  COUNTER(update_empty)                                       \
  GAUGE(config_reload_time_ms)
OUTRIGGER_DEFINE_STATS(RdsStats, OUTRIGGER_RDS_STATS)

// http.<prefix>.vhds.<route configuration>., besides those of its subscription
#define OUTRIGGER_VHDS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(config_reload)                                       \
  COUNTER(empty_update)
OUTRIGGER_DEFINE_STATS(VhdsStats, OUTRIGGER_VHDS_STATS)

// http.<prefix>.scoped_rds.<name>., besides those of its subscription
#define OUTRIGGER_SCOPED_RDS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(config_reload)                                             \
  COUNTER(update_empty)                                              \
  GAUGE(active_scopes)                                               \
  GAUGE(all_scopes)                                                  \
  GAUGE(config_reload_time_ms)                                       \
  GAUGE(on_demand_scopes)
OUTRIGGER_DEFINE_STATS(ScopedRdsStats, OUTRIGGER_SCOPED_RDS_STATS)

// extension_config_discovery.http_filter.<filter>., besides those of its subscription
#define OUTRIGGER_EXTENSION_CONFIG_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(config_conflict)                                                 \
  COUNTER(config_fail)                                                     \
  COUNTER(config_reload)
OUTRIGGER_DEFINE_STATS(ExtensionConfigStats, OUTRIGGER_EXTENSION_CONFIG_STATS)

// control_plane.
#define OUTRIGGER_CONTROL_PLANE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES, TEXT) \
  COUNTER(rate_limit_enforced)                                                \
  GAUGE(connected_state)                                                      \
  GAUGE(pending_requests)                                                     \
  TEXT(identifier)
OUTRIGGER_DEFINE_TEXT_STATS(ControlPlaneStats, OUTRIGGER_CONTROL_PLANE_STATS)

}  // namespace outrigger
