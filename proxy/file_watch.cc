#include "proxy/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "proxy/runtime/log.h"

namespace outrigger {

using namespace std::chrono_literals;

namespace {

// A pair of files is written one after the other; what changes within this time is one change.
constexpr auto kSettle = 50ms;
// How often a directory that went away is looked for.
constexpr auto kRetry = 1000ms;

constexpr uint32_t kChanges = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE;
constexpr uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

}  // namespace

class FileWatch::Entry final : public Watch {
 public:
  Entry(FileWatch& owner, std::string directory, std::function<void()> call)
      : number(owner.next_number_++),
        path(std::move(directory)),
        on_change(std::move(call)),
        owner_(owner) {
    owner_.entries_.emplace(number, this);
  }
  ~Entry() override { owner_.remove(*this); }

  const uint64_t number;
  const std::string path;
  const std::function<void()> on_change;
  int descriptor = -1;   // -1: the directory is not there
  bool changed = false;  // to be told

 private:
  FileWatch& owner_;
};

FileWatch::FileWatch(boost::asio::io_context& io)
    : inotify_(io), settle_timer_(io), retry_timer_(io) {
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) {
    OUTRIGGER_LOG(file, error, "files cannot be watched: {}", std::strerror(errno));
    return;
  }
  inotify_.assign(fd);
  await_events();
}

FileWatch::~FileWatch() = default;

std::unique_ptr<FileWatch::Watch> FileWatch::watch(const std::string& directory,
                                                   std::function<void()> changed) {
  auto entry = std::make_unique<Entry>(*this, directory, std::move(changed));
  if (!add(*entry)) await_retry();
  return entry;
}

// Watches of one directory share inotify's descriptor.
bool FileWatch::add(Entry& entry) {
  if (!inotify_.is_open()) return false;
  entry.descriptor =
      inotify_add_watch(inotify_.native_handle(), entry.path.c_str(), kChanges | kGone);
  if (entry.descriptor >= 0) return true;
  OUTRIGGER_LOG(file, debug, "{} cannot be watched: {}", entry.path, std::strerror(errno));
  return false;
}

void FileWatch::remove(Entry& entry) {
  entries_.erase(entry.number);
  if (entry.descriptor < 0 || !inotify_.is_open()) return;
  for (const auto& [number, other] : entries_) {
    if (other->descriptor == entry.descriptor) return;
  }
  inotify_rm_watch(inotify_.native_handle(), entry.descriptor);
}

void FileWatch::await_events() {
  inotify_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [this](const boost::system::error_code& error) {
                        if (error) return;
                        read_events();
                        await_events();
                      });
}

void FileWatch::read_events() {
  alignas(inotify_event) char block[4096];
  for (;;) {
    ssize_t size = read(inotify_.native_handle(), block, sizeof block);
    if (size <= 0) return;
    for (const char* at = block; at < block + size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      note(event->wd, event->mask);
      at += sizeof(inotify_event) + event->len;
    }
  }
}

void FileWatch::note(int descriptor, uint32_t mask) {
  bool gone = (mask & kGone) != 0;
  bool lost = (mask & IN_Q_OVERFLOW) != 0;  // something changed, nobody knows where
  for (const auto& [number, entry] : entries_) {
    if (!lost && entry->descriptor != descriptor) continue;
    if (gone) {
      entry->descriptor = -1;
      await_retry();
    } else {
      entry->changed = true;
      await_settled();
    }
  }
  // A directory that was moved away still has its watch.
  if ((mask & IN_MOVE_SELF) != 0) inotify_rm_watch(inotify_.native_handle(), descriptor);
}

void FileWatch::await_settled() {
  if (settling_) return;
  settling_ = true;
  settle_timer_.expires_after(kSettle);
  settle_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    settling_ = false;
    tell();
  });
}

// A callback may end watches and begin others.
void FileWatch::tell() {
  std::vector<uint64_t> numbers;
  for (const auto& [number, entry] : entries_) {
    if (entry->changed) numbers.push_back(number);
  }
  for (uint64_t number : numbers) {
    auto found = entries_.find(number);
    if (found == entries_.end()) continue;
    found->second->changed = false;
    std::function<void()> call = found->second->on_change;
    call();
  }
}

void FileWatch::await_retry() {
  if (retrying_) return;
  retrying_ = true;
  retry_timer_.expires_after(kRetry);
  retry_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    retrying_ = false;
    retry_missing();
  });
}

void FileWatch::retry_missing() {
  for (const auto& [number, entry] : entries_) {
    if (entry->descriptor >= 0) continue;
    if (add(*entry)) {
      entry->changed = true;  // it is another one now
      await_settled();
    } else {
      await_retry();
    }
  }
}

}  // namespace outrigger
