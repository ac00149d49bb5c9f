// http.<stat_prefix>.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_HTTP_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_cx_delayed_close_timeout)                 \
  COUNTER(downstream_cx_destroy)                               \
  COUNTER(downstream_cx_destroy_active_rq)                     \
  COUNTER(downstream_cx_destroy_local)                         \
  COUNTER(downstream_cx_destroy_local_active_rq)               \
  COUNTER(downstream_cx_destroy_remote)                        \
  COUNTER(downstream_cx_destroy_remote_active_rq)              \
  COUNTER(downstream_cx_drain_close)                           \
  COUNTER(downstream_cx_http1_total)                           \
  COUNTER(downstream_cx_http2_total)                           \
  COUNTER(downstream_cx_http3_total)                           \
  COUNTER(downstream_cx_idle_timeout)                          \
  COUNTER(downstream_cx_max_duration_reached)                  \
  COUNTER(downstream_cx_max_requests_reached)                  \
  COUNTER(downstream_cx_overload_disable_keepalive)            \
  COUNTER(downstream_cx_protocol_error)                        \
  COUNTER(downstream_cx_rx_bytes_total)                        \
  COUNTER(downstream_cx_ssl_total)                             \
  COUNTER(downstream_cx_total)                                 \
  COUNTER(downstream_cx_tx_bytes_total)                        \
  COUNTER(downstream_cx_upgrades_total)                        \
  COUNTER(downstream_flow_control_paused_reading_total)        \
  COUNTER(downstream_flow_control_resumed_reading_total)       \
  COUNTER(downstream_rq_1xx)                                   \
  COUNTER(downstream_rq_2xx)                                   \
  COUNTER(downstream_rq_3xx)                                   \
  COUNTER(downstream_rq_4xx)                                   \
  COUNTER(downstream_rq_5xx)                                   \
  COUNTER(downstream_rq_completed)                             \
  COUNTER(downstream_rq_failed_path_normalization)             \
  COUNTER(downstream_rq_header_timeout)                        \
  COUNTER(downstream_rq_http1_total)                           \
  COUNTER(downstream_rq_http2_total)                           \
  COUNTER(downstream_rq_http3_total)                           \
  COUNTER(downstream_rq_idle_timeout)                          \
  COUNTER(downstream_rq_max_duration_reached)                  \
  COUNTER(downstream_rq_non_relative_path)                     \
  COUNTER(downstream_rq_overload_close)                        \
  COUNTER(downstream_rq_redirected_with_normalized_path)       \
  COUNTER(downstream_rq_rejected_via_ip_detection)             \
  COUNTER(downstream_rq_response_before_rq_complete)           \
  COUNTER(downstream_rq_rx_reset)                              \
  COUNTER(downstream_rq_timeout)                               \
  COUNTER(downstream_rq_too_large)                             \
  COUNTER(downstream_rq_too_many_premature_resets)             \
  COUNTER(downstream_rq_total)                                 \
  COUNTER(downstream_rq_tx_reset)                              \
  COUNTER(downstream_rq_ws_on_non_ws_route)                    \
  COUNTER(no_cluster)                                          \
  COUNTER(no_route)                                            \
  COUNTER(passthrough_internal_redirect_bad_location)          \
  COUNTER(passthrough_internal_redirect_no_route)              \
  COUNTER(passthrough_internal_redirect_predicate)             \
  COUNTER(passthrough_internal_redirect_too_many_redirects)    \
  COUNTER(passthrough_internal_redirect_unsafe_scheme)         \
  COUNTER(rq_direct_response)                                  \
  COUNTER(rq_overload_local_reply)                             \
  COUNTER(rq_redirect)                                         \
  COUNTER(rq_reset_after_downstream_response_started)          \
  COUNTER(rq_retry_skipped_request_not_complete)               \
  COUNTER(rq_total)                                            \
  COUNTER(rs_too_large)                                        \
  GAUGE(downstream_cx_active)                                  \
  GAUGE(downstream_cx_http1_active)                            \
  GAUGE(downstream_cx_http2_active)                            \
  GAUGE(downstream_cx_http3_active)                            \
  GAUGE(downstream_cx_rx_bytes_buffered)                       \
  GAUGE(downstream_cx_ssl_active)                              \
  GAUGE(downstream_cx_tx_bytes_buffered)                       \
  GAUGE(downstream_cx_upgrades_active)                         \
  GAUGE(downstream_rq_active)                                  \
  HISTOGRAM(downstream_cx_length_ms)                           \
  HISTOGRAM(downstream_rq_time)
OUTRIGGER_DEFINE_STATS(HttpStats, OUTRIGGER_HTTP_STATS)

}  // namespace outrigger
