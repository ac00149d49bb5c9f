// The application log: components with a level each, and one line per message. This is not the
// access log. Thread: any. A message below its component's level costs one relaxed load. Levels may
// change at any time (/logging). State: one set of levels and one output per process, like stderr
// itself; proxy/logging.h sets the output up.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fmt/format.h"

namespace outrigger::log {

// Envoy's names. Log about what it is named after, not about the folder that the code is in.
#define OUTRIGGER_LOG_COMPONENTS(X) \
  X(admin)                          \
  X(client)                         \
  X(config)                         \
  X(conn_handler)                   \
  X(connection)                     \
  X(dns)                            \
  X(ext_authz)                      \
  X(file)                           \
  X(filter)                         \
  X(grpc)                           \
  X(hc)                             \
  X(http)                           \
  X(http2)                          \
  X(init)                           \
  X(io)                             \
  X(jwt)                            \
  X(lua)                            \
  X(main)                           \
  X(matcher)                        \
  X(misc)                           \
  X(pool)                           \
  X(rbac)                           \
  X(rds)                            \
  X(router)                         \
  X(runtime)                        \
  X(secret)                         \
  X(stats)                          \
  X(tracing)                        \
  X(upstream)

enum class Component : uint8_t {
#define X(name) name,
  OUTRIGGER_LOG_COMPONENTS(X)
#undef X
  count
};
inline constexpr size_t kComponents = static_cast<size_t>(Component::count);

enum class Level : uint8_t {
  trace,
  debug,
  info,
  warning,
  error,
  critical,
  off,
};
inline constexpr Level kDefaultLevel = Level::info;

std::string_view name(Component component);
std::string_view name(Level level);
std::optional<Component> component_of(std::string_view name);
std::optional<Level> level_of(std::string_view name);  // also "warn"

extern std::atomic<Level> levels[kComponents];

inline Level level(Component component) {
  return levels[static_cast<size_t>(component)].load(std::memory_order_relaxed);
}
inline void set_level(Component component, Level level) {
  levels[static_cast<size_t>(component)].store(level, std::memory_order_relaxed);
}
void set_all_levels(Level level);

inline bool enabled(Component component, Level at) {
  return at >= level(component);
}

// Where a message was written.
struct Place {
  const char* file;
  int line;
  const char* function;
};

// Writes one line, whatever the level.
void write(Component component, Level level, const Place& place, std::string_view message);

// Where lines go and how they look. Call before other threads log.
struct Output {
  std::string path;     // empty: stderr
  std::string pattern;  // spdlog's, and: %_ the message with its control characters escaped, %j the
                        // message escaped for JSON
};
inline constexpr std::string_view kDefaultPattern = "[%Y-%m-%d %T.%e][%t][%l][%n] [%g:%#] %v";

// False: the file cannot be opened (errno says why); the output stays as it was.
bool set_output(const Output& output);

// After log rotation: opens the file of that path anew. False: it cannot be opened; the old one
// stays in use.
bool reopen_output();

}  // namespace outrigger::log

// OUTRIGGER_LOG(upstream, debug, "connected to {} after {} ms", address, ms);
#define OUTRIGGER_LOG(component_, level_, ...)                                   \
  do {                                                                           \
    namespace or_log = ::outrigger::log;                                         \
    if (or_log::enabled(or_log::Component::component_, or_log::Level::level_)) { \
      or_log::write(or_log::Component::component_, or_log::Level::level_,        \
                    {__FILE__, __LINE__, static_cast<const char*>(__func__)},    \
                    fmt::format(__VA_ARGS__));                                   \
    }                                                                            \
  } while (false)
