// Makes the end of a connection a reset: closing its socket sends RST and drops what was not sent.
// Thread: one worker.
#pragma once

#include <sys/socket.h>

#include "proxy/runtime/transport.h"

namespace outrigger::tcp {

inline void reset_on_close(runtime::Transport& transport) {
  const linger now{1, 0};
  net::SocketOption option;
  option.level = SOL_SOCKET;
  option.name = SO_LINGER;
  option.value.assign(reinterpret_cast<const char*>(&now), sizeof now);
  transport.set_option(option);
}

}  // namespace outrigger::tcp
