// AccessLog: where and when one line per stream is written. Thread: any; immutable. Files are
// opened by proxy/observe/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/config/metadata_matcher.h"
#include "api/config/route_match.h"
#include "api/config/substitution.h"
#include "api/outcome.h"

namespace outrigger::config {

// envoy.config.accesslog.v3.AccessLogFilter; a tree.
struct AccessLogFilter {
  enum class Kind : uint8_t {
    status_code,
    duration,
    not_health_check,
    response_flag,
    header,
    runtime,
    grpc_status,
    metadata,
    log_type,
    traceable,
    all_of,
    any_of
  };
  enum class Compare : uint8_t {
    equal,
    greater_equal,
    less_equal,
    not_equal
  };
  Kind kind = Kind::not_health_check;
  Compare compare = Compare::equal;
  uint64_t value = 0;       // status code, milliseconds
  std::string runtime_key;  // of `value`; of runtime, of the fraction
  ResponseFlags flags;      // response_flag: any of these; empty: any flag at all
  HeaderMatch header;
  // runtime: of `denominator`. Drawn from the request id unless `independent`.
  uint32_t numerator = 0;
  uint32_t denominator = 100;
  bool independent = false;
  uint32_t set = 0;          // grpc_status, log_type: a bit for each value
  bool exclude = false;      // ... and all but those
  MetadataMatcher metadata;  // of dynamic metadata
  bool match_if_key_not_found = true;
  std::vector<AccessLogFilter> children;
};

// %ACCESS_LOG_TYPE%: envoy.data.accesslog.v3.AccessLogType, with its numbers.
enum class AccessLogType : uint8_t {
  not_set,
  tcp_upstream_connected,
  tcp_periodic,
  tcp_connection_end,
  downstream_start,
  downstream_periodic,
  downstream_end,
  upstream_pool_ready,
  upstream_periodic,
  upstream_end,
  downstream_tunnel_established,
  udp_tunnel_upstream_connected,
  udp_periodic,
  udp_session_end,
  tcp_connection_start,
};

struct AccessLog {
  std::string path;  // a file, /dev/stdout or /dev/stderr
  LogFormat format;
  std::shared_ptr<const AccessLogFilter> filter;  // nullptr: every stream
};

}  // namespace outrigger::config
