// listener.<address>.*, listener_manager.*, server.*, cluster_manager.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/stats,
// .../observability/statistics
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_LISTENER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_cx_destroy)                                   \
  COUNTER(downstream_cx_overflow)                                  \
  COUNTER(downstream_cx_overload_reject)                           \
  COUNTER(downstream_cx_total)                                     \
  COUNTER(downstream_cx_transport_socket_connect_timeout)          \
  COUNTER(downstream_global_cx_overflow)                           \
  COUNTER(downstream_listener_filter_error)                        \
  COUNTER(downstream_listener_filter_remote_close)                 \
  COUNTER(downstream_pre_cx_timeout)                               \
  COUNTER(extension_config_missing)                                \
  COUNTER(network_extension_config_missing)                        \
  COUNTER(no_filter_chain_match)                                   \
  GAUGE(downstream_cx_active)                                      \
  GAUGE(downstream_pre_cx_active)                                  \
  HISTOGRAM(connections_accepted_per_socket_event)                 \
  HISTOGRAM(downstream_cx_length_ms)
OUTRIGGER_DEFINE_STATS(ListenerStats, OUTRIGGER_LISTENER_STATS)

// listener.<address>.worker_<n>.*
#define OUTRIGGER_LISTENER_WORKER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_cx_total)                                            \
  GAUGE(downstream_cx_active)
OUTRIGGER_DEFINE_STATS(ListenerWorkerStats, OUTRIGGER_LISTENER_WORKER_STATS)

// listener.<address>.http.<stat_prefix>.*
#define OUTRIGGER_LISTENER_HTTP_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_rq_1xx)                                            \
  COUNTER(downstream_rq_2xx)                                            \
  COUNTER(downstream_rq_3xx)                                            \
  COUNTER(downstream_rq_4xx)                                            \
  COUNTER(downstream_rq_5xx)                                            \
  COUNTER(downstream_rq_completed)
OUTRIGGER_DEFINE_STATS(ListenerHttpStats, OUTRIGGER_LISTENER_HTTP_STATS)

#define OUTRIGGER_LISTENER_MANAGER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(listener_added)                                                  \
  COUNTER(listener_create_failure)                                         \
  COUNTER(listener_create_success)                                         \
  COUNTER(listener_in_place_updated)                                       \
  COUNTER(listener_modified)                                               \
  COUNTER(listener_removed)                                                \
  COUNTER(listener_stopped)                                                \
  GAUGE(total_filter_chains_draining)                                      \
  GAUGE(total_listeners_active)                                            \
  GAUGE(total_listeners_draining)                                          \
  GAUGE(total_listeners_warming)                                           \
  GAUGE(workers_started)
OUTRIGGER_DEFINE_STATS(ListenerManagerStats, OUTRIGGER_LISTENER_MANAGER_STATS)

#define OUTRIGGER_CLUSTER_MANAGER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(cluster_added)                                                  \
  COUNTER(cluster_modified)                                               \
  COUNTER(cluster_removed)                                                \
  COUNTER(cluster_updated)                                                \
  COUNTER(cluster_updated_via_merge)                                      \
  COUNTER(update_merge_cancelled)                                         \
  COUNTER(update_out_of_merge_window)                                     \
  GAUGE(active_clusters)                                                  \
  GAUGE(warming_clusters)
OUTRIGGER_DEFINE_STATS(ClusterManagerStats, OUTRIGGER_CLUSTER_MANAGER_STATS)

#define OUTRIGGER_SERVER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(debug_assertion_failures)                              \
  COUNTER(dynamic_unknown_fields)                                \
  COUNTER(dropped_stat_flushes)                                  \
  COUNTER(envoy_bug_failures)                                    \
  COUNTER(envoy_notifications)                                   \
  COUNTER(static_unknown_fields)                                 \
  COUNTER(wip_protos)                                            \
  GAUGE(concurrency)                                             \
  GAUGE(days_until_first_cert_expiring)                          \
  GAUGE(hot_restart_epoch)                                       \
  GAUGE(live)                                                    \
  GAUGE(memory_allocated)                                        \
  GAUGE(memory_heap_size)                                        \
  GAUGE(memory_physical_size)                                    \
  GAUGE(parent_connections)                                      \
  GAUGE(seconds_until_first_ocsp_response_expiring)              \
  GAUGE(state)                                                   \
  GAUGE(stats_recent_lookups)                                    \
  GAUGE(total_connections)                                       \
  GAUGE(uptime)                                                  \
  GAUGE(version)                                                 \
  HISTOGRAM(initialization_time_ms)
OUTRIGGER_DEFINE_STATS(ServerStats, OUTRIGGER_SERVER_STATS)

// server.compilation_settings.*
#define OUTRIGGER_COMPILATION_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) GAUGE(fips_mode)
OUTRIGGER_DEFINE_STATS(CompilationStats, OUTRIGGER_COMPILATION_STATS)

// server.*, unless hot restart is disabled.
#define OUTRIGGER_HOT_RESTART_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) GAUGE(hot_restart_generation)
OUTRIGGER_DEFINE_STATS(HotRestartStats, OUTRIGGER_HOT_RESTART_STATS)

// Of one worker's loop (enable_dispatcher_stats): microseconds that a turn was at work, and by
// which it woke later than it had asked for.
#define OUTRIGGER_DISPATCHER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  HISTOGRAM(loop_duration_us)                                        \
  HISTOGRAM(poll_delay_us)
OUTRIGGER_DEFINE_STATS(DispatcherStats, OUTRIGGER_DISPATCHER_STATS)

}  // namespace outrigger
