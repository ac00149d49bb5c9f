// A bound and listening socket of any family. Thread: any. The caller closes the descriptor.
#pragma once

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"

#include "api/net/address.h"
#include "api/net/socket_option.h"

namespace outrigger::admin {

struct ListenSocket {
  int fd = -1;
  net::Address bound;
};

// A Unix socket's file that nobody listens on any more is removed first. `unix_mode` 0: as the
// umask leaves it.
absl::StatusOr<ListenSocket> open_listen_socket(const net::Address& address, mode_t unix_mode,
                                                const std::vector<net::SocketOption>& options);

}  // namespace outrigger::admin
