// Opens and prepares descriptors: the calls that stand before the event engine. Errors name the
// address and the system's reason.
#pragma once

#include "absl/status/statusor.h"

#include "proxy/runtime/loop.h"

namespace outrigger::runtime {

// Bound; nobody can connect before start_listening(), which may be called again for another
// backlog.
absl::StatusOr<int> bind_listening_socket(const ListenOptions& options);
absl::Status start_listening(int fd, const ListenOptions& options);
absl::StatusOr<int> open_listening_socket(const ListenOptions& options);
// kBindFailed: the source address cannot be had, or a socket option cannot be set.
constexpr absl::StatusCode kBindFailed = absl::StatusCode::kFailedPrecondition;
absl::StatusOr<int> open_connecting_socket(const ConnectOptions& options);

}  // namespace outrigger::runtime
