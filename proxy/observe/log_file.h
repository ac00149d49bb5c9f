// LogFile: one path that access logs are written to, with a channel per worker and logger.
// Thread: channel() and request_reopen(): any; the rest: the writer's. Lifetime: shared by the
// writer and the channels' owners.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/observe/log_channel.h"

namespace outrigger::observe {

class LogFile {
 public:
  LogFile(std::string path, LogWakeup& wakeup) : path_(std::move(path)), wakeup_(wakeup) {}
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  const std::string& path() const { return path_; }
  // A new channel; `stats` is the worker's shard. Close the channel when its lines end: the writer
  // then empties and forgets it.
  std::shared_ptr<LogChannel> channel(FilesystemStats& stats);
  // The file may have been renamed: what was logged so far goes there, what follows into a new file
  // of the path.
  void request_reopen() { reopen_.store(true, std::memory_order_release); }

  enum class Drained : uint8_t {
    nothing,
    wrote,
    blocked
  };
  // Writes what the channels hold. `stats` is the writer's shard.
  Drained drain(FilesystemStats& stats);
  bool has_channels() const;

 private:
  bool ensure_open(FilesystemStats& stats);
  void reopen(FilesystemStats& stats);
  std::vector<std::shared_ptr<LogChannel>> channels() const;
  // False: the file takes no more now.
  bool drain_channel(LogChannel& channel, FilesystemStats& stats);
  void discard(LogChannel& channel, FilesystemStats& stats);
  // How much is done with: written, or lost and counted.
  size_t write(std::string_view bytes, FilesystemStats& stats);

  const std::string path_;
  LogWakeup& wakeup_;
  int fd_ = -1;
  bool waits_for_reader_ =
      false;  // a pipe or terminal: asked before each write, so that no write blocks
  std::shared_ptr<LogChannel> unfinished_;  // its line is half written: it comes first
  std::atomic<bool> reopen_{false};
  mutable std::mutex mutex_;  // guards the list only; never held while writing
  std::vector<std::shared_ptr<LogChannel>> channels_;
};

// Opens for appending; -1 and errno on failure.
int open_log_file(const std::string& path);

}  // namespace outrigger::observe
