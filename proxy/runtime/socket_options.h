// Opens and prepares descriptors: the calls that stand before the event engine. Errors name the
// address and the system's reason.
#pragma once

#include "absl/status/statusor.h"

#include "proxy/runtime/loop.h"

namespace outrigger::runtime {

absl::StatusOr<int> open_listening_socket(const ListenOptions& options);
absl::StatusOr<int> open_connecting_socket(const ConnectOptions& options);

}  // namespace outrigger::runtime
