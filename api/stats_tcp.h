// tcp.<stat_prefix>.*:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/tcp_proxy_filter#statistics
#pragma once

#include "api/stats.h"

namespace outrigger {

#define OUTRIGGER_TCP_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(downstream_cx_no_route)                             \
  COUNTER(downstream_cx_rx_bytes_total)                       \
  COUNTER(downstream_cx_total)                                \
  COUNTER(downstream_cx_tx_bytes_total)                       \
  COUNTER(downstream_flow_control_paused_reading_total)       \
  COUNTER(downstream_flow_control_resumed_reading_total)      \
  COUNTER(early_data_received_count_total)                    \
  COUNTER(idle_timeout)                                       \
  COUNTER(max_downstream_connection_duration)                 \
  COUNTER(on_demand_cluster_attempt)                          \
  COUNTER(on_demand_cluster_missing)                          \
  COUNTER(on_demand_cluster_success)                          \
  COUNTER(on_demand_cluster_timeout)                          \
  COUNTER(upstream_flush_total)                               \
  GAUGE(downstream_cx_rx_bytes_buffered)                      \
  GAUGE(downstream_cx_tx_bytes_buffered)                      \
  GAUGE(upstream_flush_active)
OUTRIGGER_DEFINE_STATS(TcpStats, OUTRIGGER_TCP_STATS)

}  // namespace outrigger
