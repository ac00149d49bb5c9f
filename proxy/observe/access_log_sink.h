// AccessLogSink: the access logs of one connection manager, router, TCP proxy or listener on ONE
// worker. Thread: that worker. Lifetime: at most the configuration's and the writer's.
//
// A connection without messages is logged like this (`info` says what became of it; BYTES_RECEIVED
// and BYTES_SENT are its request_body_bytes and response_body_bytes, the WIRE_BYTES its
// downstream_wire and upstream_wire; without `protocol`, the moments and durations are those of a
// connection):
//
//   observe::LogContext context{info};
//   context.type = config::AccessLogType::tcp_connection_end;
//   context.runtime = runtime.get();  // optional: for filters that ask for a runtime key
//   sink.log(context);
#pragma once

#include <memory>
#include <vector>

#include "api/config/access_log.h"
#include "proxy/observe/log_context.h"
#include "proxy/observe/log_value.h"
#include "proxy/observe/log_writer.h"
#include "proxy/observe/time_text.h"

namespace outrigger::observe {

class AccessLogSink {
 public:
  // `logs` must outlive the sink.
  AccessLogSink(unsigned worker, const std::vector<config::AccessLog>& logs, LogWriter& writer);
  AccessLogSink(const AccessLogSink&) = delete;
  AccessLogSink& operator=(const AccessLogSink&) = delete;
  ~AccessLogSink();

  bool empty() const { return logs_.empty(); }
  // One line in each log whose filter lets the stream pass. `times`, `random` and, where empty,
  // `hostname` of the context are filled in.
  void log(const LogContext& context);

  TimeText& times() { return times_; }

 private:
  struct Log {
    const config::AccessLog* config;
    std::shared_ptr<LogChannel> channel;
  };
  uint64_t draw();

  std::vector<Log> logs_;
  std::string_view hostname_;
  uint64_t random_state_;
  TimeText times_;
  LogScratch scratch_;
};

}  // namespace outrigger::observe
