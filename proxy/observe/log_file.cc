#include "proxy/observe/log_file.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace outrigger::observe {

int open_log_file(const std::string& path) {
  int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  // Under a service manager standard output is a socket, which no path opens.
  if (fd < 0 && path == "/dev/stdout") fd = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (fd < 0 && path == "/dev/stderr") fd = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  return fd;
}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::shared_ptr<LogChannel> LogFile::channel(FilesystemStats& stats) {
  auto channel = std::make_shared<LogChannel>(wakeup_, stats);
  std::lock_guard lock(mutex_);
  channels_.push_back(channel);
  return channel;
}

bool LogFile::has_channels() const {
  std::lock_guard lock(mutex_);
  return !channels_.empty();
}

std::vector<std::shared_ptr<LogChannel>> LogFile::channels() const {
  std::lock_guard lock(mutex_);
  return channels_;
}

bool LogFile::ensure_open(FilesystemStats& stats) {
  if (fd_ >= 0) return true;
  fd_ = open_log_file(path_);
  if (fd_ < 0) {
    stats.reopen_failed.inc();
    return false;
  }
  struct stat status {};
  bool known = ::fstat(fd_, &status) == 0;
  waits_for_reader_ =
      known && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || ::isatty(fd_) == 1);
  return true;
}

void LogFile::reopen(FilesystemStats& stats) {
  if (fd_ < 0) return;
  int old = std::exchange(fd_, -1);
  if (ensure_open(stats)) {
    ::close(old);
  } else {  // better the renamed file than none
    fd_ = old;
    reopen_.store(true, std::memory_order_release);
  }
}

LogFile::Drained LogFile::drain(FilesystemStats& stats) {
  bool wants_reopen = reopen_.exchange(false, std::memory_order_acq_rel);
  Drained result = Drained::nothing;
  if (unfinished_ != nullptr) {
    if (!drain_channel(*unfinished_, stats))
      result = Drained::blocked;
    else
      unfinished_ = nullptr;
  }
  for (const auto& channel : channels()) {
    if (result == Drained::blocked) break;
    bool closed = channel->closed();  // before looking: nothing follows then
    if (channel->queued_bytes() != 0) {
      result = Drained::wrote;
      if (ensure_open(stats)) {
        if (!drain_channel(*channel, stats)) {
          unfinished_ = channel;
          result = Drained::blocked;
        }
      } else if (closed) {
        discard(*channel, stats);
      }
    }
    if (!closed || channel->queued_bytes() != 0) continue;
    std::lock_guard lock(mutex_);
    std::erase(channels_, channel);
  }
  if (wants_reopen) reopen(stats);
  return result;
}

bool LogFile::drain_channel(LogChannel& channel, FilesystemStats& stats) {
  // What is there now: a worker that keeps writing must not keep the others waiting.
  for (uint64_t left = channel.queued_bytes(); left > 0;) {
    std::string_view bytes = channel.pending();
    if (bytes.empty()) break;
    size_t done = write(bytes, stats);
    channel.consume(done);
    stats.write_total_buffered.add(-static_cast<int64_t>(done));
    if (done < bytes.size()) return false;
    left -= std::min<uint64_t>(left, done);
  }
  return true;
}

void LogFile::discard(LogChannel& channel, FilesystemStats& stats) {
  for (std::string_view bytes = channel.pending(); !bytes.empty(); bytes = channel.pending()) {
    stats.write_failed.inc();
    stats.write_total_buffered.add(-static_cast<int64_t>(bytes.size()));
    channel.consume(bytes.size());
  }
}

size_t LogFile::write(std::string_view bytes, FilesystemStats& stats) {
  constexpr int kPatienceMs = 100;
  size_t done = 0;
  while (done < bytes.size()) {
    size_t size = bytes.size() - done;
    if (waits_for_reader_) {
      pollfd ready{fd_, POLLOUT, 0};
      if (::poll(&ready, 1, kPatienceMs) == 0) return done;
      size = std::min<size_t>(size, PIPE_BUF);  // as much fits when a pipe is ready
    }
    ssize_t n = ::write(fd_, bytes.data() + done, size);
    if (n >= 0) {
      done += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      return done;
    } else if (errno != EINTR) {
      stats.write_failed.inc();
      return bytes.size();
    }
  }
  stats.write_completed.inc();
  return done;
}

}  // namespace outrigger::observe
