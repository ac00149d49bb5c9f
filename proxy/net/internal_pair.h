// InternalPair: a connection inside the process: two transports, each the other's peer. What one
// writes, the other is shown later in the same turn; a queue above its limit pauses the writer.
// Thread: one worker, both ends. Lifetime: each end its owner's; destroying one is a reset for the
// other.
#pragma once

#include <memory>
#include <utility>

#include "api/net/address.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

struct InternalPair {
  std::unique_ptr<runtime::Transport> client;  // tells its handler on_connected() in this turn
  std::unique_ptr<runtime::Transport> server;
};

InternalPair make_internal_pair(runtime::Loop& loop, const Address& client, const Address& server);

}  // namespace outrigger::net
