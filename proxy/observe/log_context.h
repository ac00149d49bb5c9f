// LogContext: what a substitution format may read: one stream's facts and messages.
// Thread: the stream's worker. Lifetime: the call's; owns nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/http/header_map.h"
#include "api/stream_info.h"

namespace outrigger::observe {

class TimeText;

// %ACCESS_LOG_TYPE%: envoy.data.accesslog.v3.AccessLogType.
enum class AccessLogType : uint8_t {
  not_set,
  downstream_start,
  downstream_periodic,
  downstream_end,
  upstream_pool_ready,
  upstream_periodic,
  upstream_end,
  tcp_upstream_connected,
  tcp_periodic,
  tcp_connection_end,
};

struct LogContext {
  const StreamInfo& info;
  // nullptr: there are none (yet).
  const http::HeaderMap* request = nullptr;
  const http::HeaderMap* response = nullptr;
  const http::HeaderMap* trailers = nullptr;
  std::string_view hostname = {};
  std::string_view local_reply_body = {};
  AccessLogType type = AccessLogType::not_set;
  // For EMIT_TIME, and DURATION of a stream that has not ended; absent: the clocks are read when
  // asked for.
  std::optional<SystemTime> now = {};
  std::optional<MonotonicTime> now_monotonic = {};
  // The worker's cache of times as text; nullptr: each is made anew.
  TimeText* times = nullptr;
};

}  // namespace outrigger::observe
