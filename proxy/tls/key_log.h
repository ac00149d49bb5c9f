// KeyLog: writes the secrets of connections to a file in the form of SSLKEYLOGFILE, for Wireshark.
// Only where the configuration asks for it: who reads the file reads the traffic. Thread: any; one
// line is one write. Lifetime: the SSL_CTX's that has it.
#pragma once

#include <memory>
#include <string>

#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

class KeyLog {
 public:
  // Nothing without a path.
  static void attach(SSL_CTX* ctx, const std::string& path);
  ~KeyLog();
  KeyLog(const KeyLog&) = delete;
  KeyLog& operator=(const KeyLog&) = delete;

 private:
  explicit KeyLog(int fd) : fd_(fd) {}
  static int index();
  static void on_line(const SSL* ssl, const char* line);

  int fd_;
};

}  // namespace outrigger::tls
