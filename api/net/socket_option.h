// SocketOption: one setsockopt() of a listening, accepted or connecting socket, and when it is
// made. A value type. Semantics: envoy.config.core.v3.SocketOption.
#pragma once

#include <cstdint>
#include <string>

namespace outrigger::net {

struct SocketOption {
  enum class State : uint8_t {
    prebind,
    bound,
    listening
  };
  int level = 0;
  int name = 0;
  std::string value;  // the octets as the system takes them: an int, or a buffer
  State state = State::prebind;

  bool operator==(const SocketOption&) const = default;
};

}  // namespace outrigger::net
