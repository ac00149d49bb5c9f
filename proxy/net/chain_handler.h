// ChainHandler: the end of one filter chain on ONE worker: takes its connections and owns them.
// Thread: that worker. Lifetime: until its last connection is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "api/stream_info.h"
#include "proxy/runtime/transport.h"

namespace outrigger::net {

enum class DrainPace : uint8_t {
  soon,       // the process is to end: what is idle is closed in a moment
  unhurried,  // what is idle stays until its next request, or until somebody closes it
  strategic   // as --drain-strategy says: unhurried, or ever more of it over the drain time
};

class ChainHandler {
 public:
  virtual ~ChainHandler() = default;
  // `transport` has TLS and the network filters around it; `info` says what was found out so far.
  virtual void on_connection(std::unique_ptr<runtime::Transport> transport,
                             DownstreamConnectionInfo info) = 0;
  // The chain's network filters ended a connection before it got here; for its log. `info` goes
  // with the call.
  virtual void on_refused(DownstreamConnectionInfo& /*info*/) {}
  // Tells every connection to end gracefully.
  virtual void drain(DrainPace pace) = 0;
  // Ends every connection now.
  virtual void close_all() = 0;
  virtual size_t connection_count() const = 0;
};

}  // namespace outrigger::net
