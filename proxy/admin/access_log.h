// AdminAccessLog: the access logs of the administration interface (admin.access_log of the
// bootstrap): a line per request. Thread: main. Lifetime: the AdminServer's; the writer outlives
// it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/arena.h"
#include "api/config/access_log.h"
#include "api/http/codec.h"
#include "api/stream_info.h"
#include "proxy/observe/access_log_sink.h"

namespace outrigger::admin {

// One request and its answer.
struct Exchange {
  net::Address remote;
  net::Address local;
  http::Protocol protocol = http::Protocol::http11;
  // Lower case; pseudo-headers (":path") first.
  std::vector<std::pair<std::string, std::string>> request_headers;
  std::string_view content_type;
  int status = 0;
  size_t request_body_bytes = 0;
  size_t response_body_bytes = 0;
  SystemTime start_time;
  MonotonicTime start;
};

class AdminAccessLog {
 public:
  // `logs` must outlive this object.
  AdminAccessLog(const std::vector<config::AccessLog>& logs, observe::LogWriter& writer);

  bool empty() const { return sink_.empty(); }
  // The answer has just left.
  void write(const Exchange& exchange);

 private:
  ChunkPool chunks_;
  observe::AccessLogSink sink_;
};

}  // namespace outrigger::admin
