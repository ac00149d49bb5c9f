// AccessLogSink: the access logs of one connection manager (or listener) on ONE worker.
// Thread: that worker. Lifetime: at most the configuration's and the writer's.
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
  // One line in each log whose filter lets the stream pass. `times` and, where empty, `hostname` of
  // the context are filled in.
  void log(const LogContext& context);

  TimeText& times() { return times_; }

 private:
  struct Log {
    const config::AccessLog* config;
    std::shared_ptr<LogChannel> channel;
  };
  std::vector<Log> logs_;
  std::string_view hostname_;
  TimeText times_;
  LogScratch scratch_;
};

}  // namespace outrigger::observe
