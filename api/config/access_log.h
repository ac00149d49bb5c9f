// AccessLog: where and when one line per stream is written. Thread: any; immutable. Files are
// opened by proxy/observe/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

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
  uint64_t value = 0;   // status code, milliseconds
  ResponseFlags flags;  // response_flag: any of these; empty: any flag at all
  HeaderMatch header;
  std::vector<AccessLogFilter> children;
};

struct AccessLog {
  std::string path;  // a file, /dev/stdout or /dev/stderr
  LogFormat format;
  std::shared_ptr<const AccessLogFilter> filter;  // nullptr: every stream
};

}  // namespace outrigger::config
