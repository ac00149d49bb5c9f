// LogWriter: the one background thread that writes every access log.
// A file is written when a worker has 64 KiB for it, and every flush interval
// (--file-flush-interval-msec). Thread: any. Lifetime: the process's; outlives all sinks. The end
// writes what is left.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"

#include "api/stats.h"
#include "proxy/observe/log_channel.h"
#include "proxy/observe/log_file.h"

namespace outrigger::observe {

class LogWriter final : private LogWakeup {
 public:
  explicit LogWriter(StatsRegistry& stats,
                     std::chrono::milliseconds flush_interval = std::chrono::seconds(10));
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter();

  // Whether `path` can be written, so that a configuration which names it can be refused.
  static absl::Status check(const std::string& path);
  // The file of that path; loggers that name the same path share it. It is opened when the first
  // line is written.
  std::shared_ptr<LogFile> file(const std::string& path);
  // filesystem.*, the shard of `worker`.
  FilesystemStats& stats(unsigned worker) { return stats_->local<FilesystemStats>(worker); }

  // SIGUSR1, /reopen_logs: files may have been renamed.
  void reopen();
  // Returns when everything logged before the call is written, but for a pipe that nobody reads.
  void flush();
  const std::string& hostname() const { return hostname_; }

 private:
  // Shard number of this thread: a shard has one writer, and this is neither a worker nor the main
  // thread.
  static constexpr unsigned kShard = StatsScope::kMainThread - 1;

  void wake() override;
  void start();
  void run();
  bool stopping();
  bool wait(std::chrono::milliseconds time);
  // True: a file's reader did not read; try again soon.
  bool write_all(bool by_timer);

  StatsScopePtr stats_;
  const std::chrono::milliseconds flush_interval_;
  std::string hostname_;
  int event_ = -1;

  std::mutex mutex_;
  std::condition_variable flushed_;
  std::map<std::string, std::shared_ptr<LogFile>> files_;
  uint64_t flush_asked_ = 0;
  uint64_t flush_done_ = 0;
  bool stop_ = false;
  std::thread thread_;  // from the first file on
};

}  // namespace outrigger::observe
