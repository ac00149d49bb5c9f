// ServerContext: the TLS side of one filter chain on ONE worker: this worker's OpenSSL contexts,
// made anew when the slot's content changes. No lock in a handshake. Thread: that worker. Lifetime:
// its chain's; connections share what they need of it.
#pragma once

#include <chrono>
#include <memory>

#include "api/config/tls.h"
#include "proxy/runtime/loop.h"

namespace outrigger::tls {

class ServerContext {
 public:
  ServerContext(config::TlsContextSlotPtr slot, runtime::Loop& loop, unsigned worker);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  // Puts TLS around an accepted connection. The handler gets on_connected() when the handshake is
  // over, then plain text; on_closed(EPROTO) when it fails: failure_reason() says why.
  // `handshake_timeout` 0: none. nullptr: the secrets are not there yet, the connection is to be
  // closed (counted).
  // The counter, which must outlive the connection, is of handshakes that took longer. `inner` is
  // only taken if there is a result.
  std::unique_ptr<runtime::Transport> wrap(std::unique_ptr<runtime::Transport>&& inner,
                                           std::chrono::milliseconds handshake_timeout,
                                           Counter* timeouts = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::tls
