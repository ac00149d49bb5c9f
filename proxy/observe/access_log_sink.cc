#include "proxy/observe/access_log_sink.h"

#include "proxy/observe/access_log_filter.h"
#include "proxy/observe/substitution.h"

namespace outrigger::observe {

AccessLogSink::AccessLogSink(unsigned worker, const std::vector<config::AccessLog>& logs,
                             LogWriter& writer)
    : hostname_(writer.hostname()) {
  logs_.reserve(logs.size());
  for (const config::AccessLog& log : logs) {
    logs_.push_back({&log, writer.file(log.path)->channel(writer.stats(worker))});
  }
}

AccessLogSink::~AccessLogSink() {
  for (const Log& log : logs_) log.channel->close();
}

void AccessLogSink::log(const LogContext& context) {
  if (logs_.empty()) return;
  LogContext filled = context;
  filled.times = &times_;
  if (filled.hostname.empty()) filled.hostname = hostname_;
  for (const Log& log : logs_) {
    if (log.config->filter != nullptr && !passes(*log.config->filter, filled)) continue;
    log.channel->write_line(
        [&](LineBuffer& line) { evaluate(log.config->format, filled, scratch_, line); });
  }
}

}  // namespace outrigger::observe
