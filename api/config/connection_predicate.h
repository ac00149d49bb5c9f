// ConnectionPredicate: says of a connection whether it does without a listener filter. A tree.
// Thread: any; immutable. Semantics: envoy.config.listener.v3.ListenerFilterChainMatchPredicate.
#pragma once

#include <cstdint>
#include <vector>

#include "api/stream_info.h"

namespace outrigger::config {

struct ConnectionPredicate {
  enum class Kind : uint8_t {
    any,
    any_of,
    all_of,
    not_,
    destination_port
  };
  Kind kind = Kind::any;
  std::vector<ConnectionPredicate> children;
  int32_t port_begin = 0, port_end = 0;  // [begin, end)

  bool matches(const DownstreamConnectionInfo& info) const {
    switch (kind) {
      case Kind::any:
        return true;
      case Kind::any_of:
        for (const ConnectionPredicate& child : children) {
          if (child.matches(info)) return true;
        }
        return false;
      case Kind::all_of:
        for (const ConnectionPredicate& child : children) {
          if (!child.matches(info)) return false;
        }
        return true;
      case Kind::not_:
        return !children.front().matches(info);
      case Kind::destination_port:
        return info.local.is_ip() && info.local.port() >= port_begin &&
               info.local.port() < port_end;
    }
    return false;
  }
};

}  // namespace outrigger::config
