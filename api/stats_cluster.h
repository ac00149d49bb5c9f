// cluster.<name>.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_CLUSTER_TRAFFIC_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(bind_errors)                                                    \
  COUNTER(original_dst_host_invalid)                                      \
  COUNTER(upstream_cx_close_notify)                                       \
  COUNTER(upstream_cx_connect_attempts_exceeded)                          \
  COUNTER(upstream_cx_connect_fail)                                       \
  COUNTER(upstream_cx_connect_timeout)                                    \
  COUNTER(upstream_cx_connect_with_0_rtt)                                 \
  COUNTER(upstream_cx_destroy)                                            \
  COUNTER(upstream_cx_destroy_local)                                      \
  COUNTER(upstream_cx_destroy_local_with_active_rq)                       \
  COUNTER(upstream_cx_destroy_remote)                                     \
  COUNTER(upstream_cx_destroy_remote_with_active_rq)                      \
  COUNTER(upstream_cx_destroy_with_active_rq)                             \
  COUNTER(upstream_cx_http1_total)                                        \
  COUNTER(upstream_cx_http2_total)                                        \
  COUNTER(upstream_cx_http3_total)                                        \
  COUNTER(upstream_cx_idle_timeout)                                       \
  COUNTER(upstream_cx_max_duration_reached)                               \
  COUNTER(upstream_cx_max_requests)                                       \
  COUNTER(upstream_cx_none_healthy)                                       \
  COUNTER(upstream_cx_overflow)                                           \
  COUNTER(upstream_cx_pool_overflow)                                      \
  COUNTER(upstream_cx_protocol_error)                                     \
  COUNTER(upstream_cx_rx_bytes_total)                                     \
  COUNTER(upstream_cx_total)                                              \
  COUNTER(upstream_cx_tx_bytes_total)                                     \
  COUNTER(upstream_flow_control_backed_up_total)                          \
  COUNTER(upstream_flow_control_drained_total)                            \
  COUNTER(upstream_flow_control_paused_reading_total)                     \
  COUNTER(upstream_flow_control_resumed_reading_total)                    \
  COUNTER(upstream_http3_broken)                                          \
  COUNTER(upstream_internal_redirect_failed_total)                        \
  COUNTER(upstream_internal_redirect_succeeded_total)                     \
  COUNTER(upstream_rq_0rtt)                                               \
  COUNTER(upstream_rq_active_overflow)                                    \
  COUNTER(upstream_rq_cancelled)                                          \
  COUNTER(upstream_rq_completed)                                          \
  COUNTER(upstream_rq_drop_overload)                                      \
  COUNTER(upstream_rq_elsewhere)                                          \
  COUNTER(upstream_rq_maintenance_mode)                                   \
  COUNTER(upstream_rq_max_duration_reached)                               \
  COUNTER(upstream_rq_per_try_idle_timeout)                               \
  COUNTER(upstream_rq_per_try_timeout)                                    \
  COUNTER(upstream_rq_pending_failure_eject)                              \
  COUNTER(upstream_rq_pending_overflow)                                   \
  COUNTER(upstream_rq_pending_total)                                      \
  COUNTER(upstream_rq_replayed)                                           \
  COUNTER(upstream_rq_retry)                                              \
  COUNTER(upstream_rq_retry_backoff_exponential)                          \
  COUNTER(upstream_rq_retry_backoff_ratelimited)                          \
  COUNTER(upstream_rq_retry_limit_exceeded)                               \
  COUNTER(upstream_rq_retry_overflow)                                     \
  COUNTER(upstream_rq_retry_success)                                      \
  COUNTER(upstream_rq_rx_reset)                                           \
  COUNTER(upstream_rq_timeout)                                            \
  COUNTER(upstream_rq_total)                                              \
  COUNTER(upstream_rq_tx_reset)                                           \
  COUNTER(retry_or_shadow_abandoned)                                      \
  COUNTER(lb_healthy_panic)                                               \
  COUNTER(lb_local_cluster_not_ok)                                        \
  COUNTER(lb_recalculate_zone_structures)                                 \
  COUNTER(lb_subsets_created)                                             \
  COUNTER(lb_subsets_fallback)                                            \
  COUNTER(lb_subsets_fallback_panic)                                      \
  COUNTER(lb_subsets_removed)                                             \
  COUNTER(lb_subsets_selected)                                            \
  COUNTER(lb_zone_cluster_too_small)                                      \
  COUNTER(lb_zone_no_capacity_left)                                       \
  COUNTER(lb_zone_routing_all_directly)                                   \
  COUNTER(lb_zone_routing_cross_zone)                                     \
  COUNTER(lb_zone_routing_sampled)                                        \
  GAUGE(lb_subsets_active)                                                \
  GAUGE(upstream_cx_active)                                               \
  GAUGE(upstream_cx_rx_bytes_buffered)                                    \
  GAUGE(upstream_cx_tx_bytes_buffered)                                    \
  GAUGE(upstream_rq_active)                                               \
  GAUGE(upstream_rq_pending_active)                                       \
  HISTOGRAM(upstream_cx_connect_ms)                                       \
  HISTOGRAM(upstream_cx_length_ms)                                        \
  HISTOGRAM(upstream_rq_per_cx)

// Responses by code: each is listed once it was used.
#define OUTRIGGER_RESPONSE_CLASS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(upstream_rq_1xx)                                               \
  COUNTER(upstream_rq_2xx)                                               \
  COUNTER(upstream_rq_3xx)                                               \
  COUNTER(upstream_rq_4xx)                                               \
  COUNTER(upstream_rq_5xx)                                               \
  HISTOGRAM(upstream_rq_time)                                            \
  CODES(upstream_rq)
OUTRIGGER_STATS_STRUCT(ClusterStats, false,
                       OUTRIGGER_STATS_MEMBERS(OUTRIGGER_CLUSTER_TRAFFIC_STATS)
                           OUTRIGGER_STATS_MEMBERS(OUTRIGGER_RESPONSE_CLASS_STATS),
                       OUTRIGGER_STATS_FIELDS(OUTRIGGER_CLUSTER_TRAFFIC_STATS)
                           OUTRIGGER_STATS_ONCE_USED(OUTRIGGER_RESPONSE_CLASS_STATS))

// Some of a cluster's responses.
#define OUTRIGGER_CLUSTER_CODE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  OUTRIGGER_RESPONSE_CLASS_STATS(COUNTER, GAUGE, HISTOGRAM, CODES)     \
  COUNTER(upstream_rq_completed)
OUTRIGGER_STATS_STRUCT(ClusterCodeStats, false,
                       OUTRIGGER_STATS_MEMBERS(OUTRIGGER_CLUSTER_CODE_STATS),
                       OUTRIGGER_STATS_ONCE_USED(OUTRIGGER_CLUSTER_CODE_STATS))

// cluster.<name>.*: by the request's origin, and answers that were tried again.
struct ClusterResponseStats {
  ClusterCodeStats external, internal, retry;

  static const StatsLayout& layout() {
    using Self = ClusterResponseStats;
    static const NestedStatFields kFields(
        {{"external", ClusterCodeStats::layout(), offsetof(Self, external)},
         {"internal", ClusterCodeStats::layout(), offsetof(Self, internal)},
         {"retry", ClusterCodeStats::layout(), offsetof(Self, retry)}});
    static const StatsLayout kLayout = layout_of<Self>(kFields.fields());
    return kLayout;
  }
};

// Membership and configuration of a cluster; written by the main thread.
#define OUTRIGGER_CLUSTER_CONFIG_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(assignment_stale)                                              \
  COUNTER(assignment_timeout_received)                                   \
  COUNTER(assignment_use_cached)                                         \
  COUNTER(membership_change)                                             \
  COUNTER(update_attempt)                                                \
  COUNTER(update_empty)                                                  \
  COUNTER(update_failure)                                                \
  COUNTER(update_no_rebuild)                                             \
  COUNTER(update_success)                                                \
  GAUGE(max_host_weight)                                                 \
  GAUGE(membership_degraded)                                             \
  GAUGE(membership_excluded)                                             \
  GAUGE(membership_healthy)                                              \
  GAUGE(membership_total)                                                \
  GAUGE(version)                                                         \
  GAUGE(warming_state)
OUTRIGGER_DEFINE_STATS(ClusterConfigStats, OUTRIGGER_CLUSTER_CONFIG_STATS)

// The same of an EDS cluster: what its SubscriptionStats, of the same prefix, count is theirs.
inline const StatsLayout& discovered_cluster_layout() {
  static const auto kFields = fields_where(ClusterConfigStats::layout(), [](std::string_view name) {
    return name != "update_attempt" && name != "update_failure" && name != "update_success" &&
           name != "version";
  });
  static const StatsLayout kLayout = layout_of<ClusterConfigStats>(kFields);
  return kLayout;
}

// A circuit breaker's state.
#define OUTRIGGER_CIRCUIT_BREAKER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  GAUGE(cx_open)                                                          \
  GAUGE(cx_pool_open)                                                     \
  GAUGE(rq_open)                                                          \
  GAUGE(rq_pending_open)                                                  \
  GAUGE(rq_retry_open)
OUTRIGGER_DEFINE_STATS(CircuitBreakerStats, OUTRIGGER_CIRCUIT_BREAKER_STATS)

// cluster.<name>.circuit_breakers.*, by priority.
struct ClusterBreakerStats {
  std::array<CircuitBreakerStats, 2> of_priority;  // [0] default, [1] high

  static const StatsLayout& layout() {
    using Self = ClusterBreakerStats;
    static const NestedStatFields kFields(
        {{"default", CircuitBreakerStats::layout(), offsetof(Self, of_priority)},
         {"high", CircuitBreakerStats::layout(),
          offsetof(Self, of_priority) + sizeof(CircuitBreakerStats)}});
    static const StatsLayout kLayout = layout_of<Self>(kFields.fields());
    return kLayout;
  }
};

// cluster.<name>.circuit_breakers.<priority>.*, where track_remaining asks for it.
#define OUTRIGGER_CIRCUIT_BREAKER_REMAINING_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  GAUGE(remaining_cx)                                                               \
  GAUGE(remaining_cx_pools)                                                         \
  GAUGE(remaining_pending)                                                          \
  GAUGE(remaining_retries)                                                          \
  GAUGE(remaining_rq)
OUTRIGGER_DEFINE_STATS(CircuitBreakerRemainingStats, OUTRIGGER_CIRCUIT_BREAKER_REMAINING_STATS)

// cluster.<name>.*, where track_cluster_stats asks for it: how much of its time an answer took, in
// per cent.
#define OUTRIGGER_TIMEOUT_BUDGET_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  HISTOGRAM(upstream_rq_timeout_budget_per_try_percent_used)             \
  HISTOGRAM(upstream_rq_timeout_budget_percent_used)
OUTRIGGER_DEFINE_STATS(TimeoutBudgetStats, OUTRIGGER_TIMEOUT_BUDGET_STATS)

// ... and how large requests and responses are, in octets.
#define OUTRIGGER_MESSAGE_SIZE_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  HISTOGRAM(upstream_rq_body_size)                                     \
  HISTOGRAM(upstream_rq_headers_count)                                 \
  HISTOGRAM(upstream_rq_headers_size)                                  \
  HISTOGRAM(upstream_rs_body_size)                                     \
  HISTOGRAM(upstream_rs_headers_count)                                 \
  HISTOGRAM(upstream_rs_headers_size)
OUTRIGGER_DEFINE_STATS(MessageSizeStats, OUTRIGGER_MESSAGE_SIZE_STATS)

// cluster.<name>.outlier_detection.*; written by the main thread.
#define OUTRIGGER_OUTLIER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(ejections_consecutive_5xx)                              \
  COUNTER(ejections_detected_consecutive_5xx)                     \
  COUNTER(ejections_detected_consecutive_gateway_failure)         \
  COUNTER(ejections_detected_consecutive_local_origin_failure)    \
  COUNTER(ejections_detected_failure_percentage)                  \
  COUNTER(ejections_detected_local_origin_failure_percentage)     \
  COUNTER(ejections_detected_local_origin_success_rate)           \
  COUNTER(ejections_detected_success_rate)                        \
  COUNTER(ejections_enforced_consecutive_5xx)                     \
  COUNTER(ejections_enforced_consecutive_gateway_failure)         \
  COUNTER(ejections_enforced_consecutive_local_origin_failure)    \
  COUNTER(ejections_enforced_failure_percentage)                  \
  COUNTER(ejections_enforced_local_origin_failure_percentage)     \
  COUNTER(ejections_enforced_local_origin_success_rate)           \
  COUNTER(ejections_enforced_success_rate)                        \
  COUNTER(ejections_enforced_total)                               \
  COUNTER(ejections_overflow)                                     \
  COUNTER(ejections_success_rate)                                 \
  COUNTER(ejections_total)                                        \
  GAUGE(ejections_active)
OUTRIGGER_DEFINE_STATS(OutlierStats, OUTRIGGER_OUTLIER_STATS)

// cluster.<name>.health_check.*; written by the main thread.
#define OUTRIGGER_HEALTH_CHECK_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(attempt)                                                     \
  COUNTER(failure)                                                     \
  COUNTER(network_failure)                                             \
  COUNTER(passive_failure)                                             \
  COUNTER(success)                                                     \
  COUNTER(verify_cluster)                                              \
  GAUGE(degraded)                                                      \
  GAUGE(healthy)
OUTRIGGER_DEFINE_STATS(HealthCheckStats, OUTRIGGER_HEALTH_CHECK_STATS)

// cluster.<name>.ring_hash_lb.*: of the first worker that made the ring.
#define OUTRIGGER_RING_HASH_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  GAUGE(max_hashes_per_host)                                        \
  GAUGE(min_hashes_per_host)                                        \
  GAUGE(size)
OUTRIGGER_DEFINE_STATS(RingHashStats, OUTRIGGER_RING_HASH_STATS)

// cluster.<name>.maglev_lb.*
#define OUTRIGGER_MAGLEV_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  GAUGE(max_entries_per_host)                                    \
  GAUGE(min_entries_per_host)
OUTRIGGER_DEFINE_STATS(MaglevStats, OUTRIGGER_MAGLEV_STATS)

// What one worker saw one endpoint do, for outlier detection; not in the store's names.
#define OUTRIGGER_OUTLIER_RESULTS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(total)                                                    \
  COUNTER(success)                                                  \
  COUNTER(local_total)                                              \
  COUNTER(local_success)
OUTRIGGER_DEFINE_STATS(OutlierResults, OUTRIGGER_OUTLIER_RESULTS)

// Per endpoint, as /clusters shows it.
#define OUTRIGGER_HOST_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(cx_connect_fail)                                     \
  COUNTER(cx_total)                                            \
  COUNTER(rq_error)                                            \
  COUNTER(rq_success)                                          \
  COUNTER(rq_timeout)                                          \
  COUNTER(rq_total)                                            \
  GAUGE(cx_active)                                             \
  GAUGE(rq_active)
OUTRIGGER_DEFINE_STATS(HostStats, OUTRIGGER_HOST_STATS)

}  // namespace outrigger
