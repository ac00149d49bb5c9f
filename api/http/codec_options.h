// Options of the HTTP codecs, compiled from Http1ProtocolOptions and Http2ProtocolOptions
// (envoy.config.core.v3.protocol), and counters that the codecs add to. Immutable after
// compilation; shared by all workers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "api/config/string_matcher.h"
#include "api/stats.h"

namespace outrigger::http {

enum class HeaderCase : uint8_t {
  lower,
  proper,
  preserve
};
enum class UnderscoresAction : uint8_t {
  allow,
  reject_request,
  drop_header
};

// Limits of a message head, both sides. Envoy's defaults: 60 KiB, 100 headers.
struct HeadLimits {
  uint32_t max_bytes = 60 * 1024;
  uint32_t max_fields = 100;
  UnderscoresAction underscores = UnderscoresAction::allow;

  bool operator==(const HeadLimits&) const = default;
};

struct Http1Options {
  HeadLimits limits;
  bool allow_absolute_url = true;  // Envoy: default true
  bool accept_http_10 = false;     // otherwise 426 Upgrade Required
  std::string default_host_for_http_10;
  bool enable_trailers = false;       // otherwise trailers are read and dropped
  bool allow_chunked_length = false;  // Content-Length beside Transfer-Encoding: chunked is an
                                      // error unless set; then the length is dropped
  bool override_stream_error_on_invalid_http_message = false;
  bool send_fully_qualified_url = false;
  HeaderCase header_case = HeaderCase::lower;
  // Upgrades that are taken for requests that did not ask for one.
  std::vector<config::StringMatcher> ignored_upgrades;

  bool operator==(const Http1Options&) const = default;
};

struct Http2Options {
  HeadLimits limits;
  uint32_t hpack_table_size = 4096;
  uint32_t max_concurrent_streams = 1024;  // Envoy 1.36+: 1024
  uint32_t initial_stream_window_size = 16 * 1024 * 1024;
  uint32_t initial_connection_window_size = 24 * 1024 * 1024;
  bool allow_connect = false;  // extended CONNECT (RFC 8441)
  bool allow_metadata = false;
  bool override_stream_error_on_invalid_http_message = false;
  // Floods: a peer that exceeds one of these loses its connection.
  uint32_t max_outbound_frames = 10000;
  uint32_t max_outbound_control_frames = 1000;
  uint32_t max_consecutive_inbound_frames_with_empty_payload = 1;
  uint32_t max_inbound_priority_frames_per_stream = 100;
  uint32_t max_inbound_window_update_frames_per_data_frame_sent = 10;
  std::chrono::milliseconds ping_interval{0};  // 0: none
  std::chrono::milliseconds ping_timeout{0};
  uint32_t ping_jitter_percent = 15;  // of the interval, at most; drawn anew for each
  std::vector<std::pair<uint16_t, uint32_t>> custom_settings;  // SETTINGS of other kinds

  bool operator==(const Http2Options&) const = default;
};

// The time to the next PING.
inline std::chrono::milliseconds jittered_interval(const Http2Options& options, uint64_t random) {
  auto most = options.ping_interval.count() * options.ping_jitter_percent / 100;
  auto extra = most == 0 ? 0 : static_cast<int64_t>(random % static_cast<uint64_t>(most + 1));
  return options.ping_interval + std::chrono::milliseconds(extra);
}

// http1.*, http2.* counters: Envoy's names (codec stats). One instance per worker and scope.
#define OUTRIGGER_HTTP1_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(dropped_headers_with_underscores)                     \
  COUNTER(metadata_not_supported_error)                         \
  COUNTER(requests_rejected_with_underscores_in_headers)        \
  COUNTER(response_flood)
OUTRIGGER_DEFINE_LATE_STATS(Http1Stats, OUTRIGGER_HTTP1_STATS)

#define OUTRIGGER_HTTP2_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(dropped_headers_with_underscores)                     \
  COUNTER(goaway_sent)                                          \
  COUNTER(header_overflow)                                      \
  COUNTER(headers_cb_no_stream)                                 \
  COUNTER(inbound_empty_frames_flood)                           \
  COUNTER(inbound_priority_frames_flood)                        \
  COUNTER(inbound_window_update_frames_flood)                   \
  COUNTER(keepalive_timeout)                                    \
  COUNTER(metadata_empty_frames)                                \
  COUNTER(outbound_control_flood)                               \
  COUNTER(outbound_flood)                                       \
  COUNTER(requests_rejected_with_underscores_in_headers)        \
  COUNTER(rx_messaging_error)                                   \
  COUNTER(rx_reset)                                             \
  COUNTER(stream_refused_errors)                                \
  COUNTER(trailers)                                             \
  COUNTER(tx_flush_timeout)                                     \
  COUNTER(tx_reset)                                             \
  GAUGE(deferred_stream_close)                                  \
  GAUGE(outbound_control_frames_active)                         \
  GAUGE(outbound_frames_active)                                 \
  GAUGE(pending_send_bytes)                                     \
  GAUGE(streams_active)
OUTRIGGER_DEFINE_LATE_STATS(Http2Stats, OUTRIGGER_HTTP2_STATS)

}  // namespace outrigger::http
