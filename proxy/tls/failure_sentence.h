// Why a handshake or connection failed, from OpenSSL's error queue: for the log and the person who
// reads it. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/tls/error_text.h"

namespace outrigger::tls {

struct TlsFailure {
  std::string reason;           // "TLS_error:|<code>:<library>:<reason>: <sentence>:TLS_error_end"
  bool no_certificate = false;  // the client sent none, though it had to
  bool verification = false;    // the peer's certificate was refused
};

// `detail`: what the verification found; empty: it was not that.
TlsFailure explain(const std::vector<QueuedError>& errors, std::string_view detail);

}  // namespace outrigger::tls
