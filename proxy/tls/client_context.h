// ClientContext: the TLS side of one transport socket of a cluster on ONE worker: this worker's
// OpenSSL context and its cache of sessions, made anew when the slot's content changes. Thread:
// that worker. Lifetime: the worker's cluster entry; connections share what they need of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/config/tls.h"
#include "proxy/runtime/loop.h"

namespace outrigger::tls {

// What one connection asks for beyond the context.
struct ClientTarget {
  std::string host_name;                   // of the endpoint: SNI with auto_host_sni
  std::string sni;                         // of the request (auto_sni) or filter state; empty: none
  std::vector<std::string> alpn;           // instead of the context's; empty: the context's
  std::vector<std::string> fallback_alpn;  // where the context has none (auto_config)
  std::vector<std::string> verify_names;   // one of them must be a SAN (auto_san_validation)
};

class ClientContext {
 public:
  ClientContext(config::TlsContextSlotPtr slot, runtime::Loop& loop, unsigned worker);
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // Puts TLS around a connecting transport. The handler gets on_connected() when the handshake is
  // over; on_closed(EPROTO) when it fails: failure_reason() says why. nullptr: the secrets are not
  // there yet (counted).
  std::unique_ptr<runtime::Transport> wrap(std::unique_ptr<runtime::Transport> inner,
                                           const ClientTarget& target);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::tls
