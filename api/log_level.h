// LogLevel: how serious a line of the application log is. What is below the proxy has no part in
// the log itself; it says its lines to who has. Thread: any.
#pragma once

#include <cstdint>

namespace outrigger {

enum class LogLevel : uint8_t {
  trace,
  debug,
  info,
  warning,
  error,
  critical
};

}  // namespace outrigger
