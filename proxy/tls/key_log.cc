#include "proxy/tls/key_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/runtime/log.h"

namespace outrigger::tls {

KeyLog::~KeyLog() {
  ::close(fd_);
}

// The SSL_CTX owns its KeyLog.
int KeyLog::index() {
  static const int kIndex = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* log, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<KeyLog*>(log);
      });
  return kIndex;
}

void KeyLog::attach(SSL_CTX* ctx, const std::string& path) {
  if (path.empty()) return;
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    OUTRIGGER_LOG(connection, error, "key_log: {} cannot be opened: {}", path,
                  std::strerror(errno));
    return;
  }
  SSL_CTX_set_ex_data(ctx, index(), new KeyLog(fd));
  SSL_CTX_set_keylog_callback(ctx, &KeyLog::on_line);
}

void KeyLog::on_line(const SSL* ssl, const char* line) {
  const auto* log = static_cast<KeyLog*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index()));
  if (log == nullptr) return;
  std::string text = std::string(line) + '\n';
  if (::write(log->fd_, text.data(), text.size()) < 0)
    OUTRIGGER_LOG(connection, debug, "key_log: {}", std::strerror(errno));
}

}  // namespace outrigger::tls
