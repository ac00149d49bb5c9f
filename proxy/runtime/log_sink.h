// FdSink: where the application log's lines leave the process: one write(2) a line, to stderr or to
// a file opened for appending. make_formatter: spdlog's patterns with two flags more. Thread: any
// (the sink locks). Lifetime: the process's.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "spdlog/formatter.h"
#include "spdlog/sinks/base_sink.h"

namespace outrigger::log {

class FdSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  FdSink() = default;
  ~FdSink() override;

  // Empty: stderr. False, and nothing changes, if the file cannot be opened.
  bool open(const std::string& path);
  bool reopen();

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  std::string path_;
  int fd_ = 2;
};

// %_: the message with its control characters as in C ("\n"); %j: the message escaped for a JSON
// string.
std::unique_ptr<spdlog::formatter> make_formatter(const std::string& pattern);

}  // namespace outrigger::log
