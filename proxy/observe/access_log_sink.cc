#include "proxy/observe/access_log_sink.h"

#include "proxy/observe/access_log_filter.h"
#include "proxy/observe/substitution.h"

namespace outrigger::observe {

AccessLogSink::AccessLogSink(unsigned worker, const std::vector<config::AccessLog>& logs,
                             LogWriter& writer)
    : hostname_(writer.hostname()), random_state_(reinterpret_cast<uintptr_t>(this) ^ worker) {
  logs_.reserve(logs.size());
  for (const config::AccessLog& log : logs) {
    logs_.push_back({&log, writer.file(log.path)->channel(writer.stats(worker))});
  }
}

AccessLogSink::~AccessLogSink() {
  for (const Log& log : logs_) log.channel->close();
}

// splitmix64: sampling needs evenness, not secrecy.
uint64_t AccessLogSink::draw() {
  random_state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = random_state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void AccessLogSink::log(const LogContext& context) {
  if (logs_.empty()) return;
  LogContext filled = context;
  filled.times = &times_;
  if (filled.hostname.empty()) filled.hostname = hostname_;
  filled.random = draw();
  for (const Log& log : logs_) {
    if (log.config->filter != nullptr && !passes(*log.config->filter, filled)) continue;
    log.channel->write_line(
        [&](LineBuffer& line) { evaluate(log.config->format, filled, scratch_, line); });
  }
}

}  // namespace outrigger::observe
