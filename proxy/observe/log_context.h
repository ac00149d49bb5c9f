// LogContext: what a substitution format may read: one stream's facts and messages.
// Thread: the stream's worker. Lifetime: the call's; owns nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/config/access_log.h"
#include "api/config/runtime_snapshot.h"
#include "api/http/header_map.h"
#include "api/stream_info.h"

namespace outrigger::observe {

class TimeText;

using config::AccessLogType;

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
  // For filters that a runtime key decides; nullptr: there are no runtime values.
  const config::RuntimeSnapshot* runtime = nullptr;
  // For filters that draw; the sink draws anew for each line.
  uint64_t random = 0;
  // The worker's cache of times as text; nullptr: each is made anew.
  TimeText* times = nullptr;
};

}  // namespace outrigger::observe
