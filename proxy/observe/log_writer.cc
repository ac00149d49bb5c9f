#include "proxy/observe/log_writer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fmt/format.h"

namespace outrigger::observe {
namespace {

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

}  // namespace

LogWriter::LogWriter(StatsRegistry& stats, std::chrono::milliseconds flush_interval)
    : stats_(stats.scope<FilesystemStats>("filesystem.")),
      flush_interval_(std::max(flush_interval, std::chrono::milliseconds(1))),
      hostname_(host_name()),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

LogWriter::~LogWriter() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
  if (event_ >= 0) ::close(event_);
}

absl::Status LogWriter::check(const std::string& path) {
  int fd = open_log_file(path);
  if (fd < 0) {
    return absl::InvalidArgumentError(
        fmt::format("unable to open file '{}': {}", path, std::strerror(errno)));
  }
  ::close(fd);
  return absl::OkStatus();
}

std::shared_ptr<LogFile> LogWriter::file(const std::string& path) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<LogFile>& file = files_[path];
  LogWakeup& wakeup = *this;
  if (file == nullptr) file = std::make_shared<LogFile>(path, wakeup);
  start();
  return file;
}

void LogWriter::start() {
  if (thread_.joinable()) return;
  // Signals are the main thread's: the new thread inherits a mask that blocks them all.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "log_writer");
}

void LogWriter::wake() {
  uint64_t one = 1;
  [[maybe_unused]] ssize_t n = ::write(event_, &one, sizeof one);  // full: it is awake anyway
}

void LogWriter::reopen() {
  {
    std::lock_guard lock(mutex_);
    for (const auto& [path, file] : files_) file->request_reopen();
  }
  wake();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) return;
  uint64_t asked = ++flush_asked_;
  wake();
  flushed_.wait(lock, [&] { return flush_done_ >= asked; });
}

bool LogWriter::stopping() {
  std::lock_guard lock(mutex_);
  return stop_;
}

// True: the time passed; false: woken.
bool LogWriter::wait(std::chrono::milliseconds time) {
  pollfd event{event_, POLLIN, 0};
  int ready = ::poll(&event, 1, static_cast<int>(time.count()));
  uint64_t count = 0;
  if (ready > 0) [[maybe_unused]]
    ssize_t n = ::read(event_, &count, sizeof count);
  return ready == 0;
}

void LogWriter::run() {
  constexpr std::chrono::milliseconds kRetry{100};  // a reader that does not read
  bool blocked = false;
  while (!stopping()) {
    bool by_timer = wait(blocked ? std::min(kRetry, flush_interval_) : flush_interval_);
    uint64_t asked = 0;
    {
      std::lock_guard lock(mutex_);
      asked = flush_asked_;
    }
    blocked = write_all(by_timer);
    std::lock_guard lock(mutex_);
    flush_done_ = asked;
    flushed_.notify_all();
  }
  write_all(false);
}

bool LogWriter::write_all(bool by_timer) {
  std::vector<std::shared_ptr<LogFile>> files;
  {
    std::lock_guard lock(mutex_);
    for (auto it = files_.begin(); it != files_.end();) {
      // Nobody logs to it any more; it is closed with the last reference.
      bool unused = it->second.use_count() == 1 && !it->second->has_channels();
      if (!unused) files.push_back(it->second);
      it = unused ? files_.erase(it) : std::next(it);
    }
  }
  FilesystemStats& mine = stats(kShard);
  bool blocked = false;
  for (const auto& file : files) {
    LogFile::Drained drained = file->drain(mine);
    if (drained == LogFile::Drained::wrote && by_timer) mine.flushed_by_timer.inc();
    blocked |= drained == LogFile::Drained::blocked;
  }
  return blocked;
}

}  // namespace outrigger::observe
