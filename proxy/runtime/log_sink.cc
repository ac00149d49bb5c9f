#include "proxy/runtime/log_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "fmt/format.h"
#include "spdlog/pattern_formatter.h"

namespace outrigger::log {
namespace {

void append(spdlog::memory_buf_t& to, std::string_view text) {
  to.append(text.data(), text.data() + text.size());
}

// One character of a message in a form that stays on its line; `json` also escapes what JSON needs.
void append_escaped(spdlog::memory_buf_t& to, char c, bool json) {
  switch (c) {
    case '\n':
      return append(to, "\\n");
    case '\r':
      return append(to, "\\r");
    case '\t':
      return append(to, "\\t");
    case '\\':
      return append(to, "\\\\");
    case '"':
      return append(to, "\\\"");
    case '\'':
      return append(to, json ? "'" : "\\'");
    default:
      break;
  }
  auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7f) return to.push_back(c);
  append(to, json ? fmt::format("\\u{:04x}", byte) : fmt::format("\\{:03o}", byte));
}

class EscapedMessage : public spdlog::custom_flag_formatter {
 public:
  explicit EscapedMessage(bool json) : json_(json) {}
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    for (char c : message.payload) append_escaped(to, c, json_);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<EscapedMessage>(json_);
  }

 private:
  bool json_;
};

int open_for_append(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

}  // namespace

FdSink::~FdSink() {
  if (fd_ != STDERR_FILENO) ::close(fd_);
}

bool FdSink::open(const std::string& path) {
  int fd = path.empty() ? STDERR_FILENO : open_for_append(path);
  if (fd < 0) return false;
  std::lock_guard lock(mutex_);
  std::swap(fd, fd_);
  path_ = path;
  if (fd != STDERR_FILENO) ::close(fd);
  return true;
}

bool FdSink::reopen() {
  std::string path;
  {
    std::lock_guard lock(mutex_);
    path = path_;
  }
  return open(path);
}

void FdSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  const char* at = line.data();
  size_t left = line.size();
  while (left > 0) {
    ssize_t written = ::write(fd_, at, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody can be told; the proxy goes on without the line
    at += written;
    left -= static_cast<size_t>(written);
  }
}

std::unique_ptr<spdlog::formatter> make_formatter(const std::string& pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<EscapedMessage>('_', false).add_flag<EscapedMessage>('j', true);
  formatter->set_pattern(pattern);
  return formatter;
}

}  // namespace outrigger::log
