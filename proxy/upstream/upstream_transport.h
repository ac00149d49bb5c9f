// Opens the transport of an upstream connection: socket (source address, options, keepalive), a
// race where the endpoint has several addresses, the PROXY protocol header, TLS. Thread: one
// worker.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "proxy/runtime/loop.h"
#include "proxy/upstream/conn_pool.h"

namespace outrigger::upstream {

// The secrets of the TLS context are not there yet.
constexpr absl::StatusCode kSecretsMissing = absl::StatusCode::kAborted;

// on_connected or on_closed of `handler` follows, never from inside the call. What the system says
// at once is returned.
absl::StatusOr<std::unique_ptr<runtime::Transport>> open_transport(
    ConnPool& pool, runtime::TransportHandler& handler);

}  // namespace outrigger::upstream
