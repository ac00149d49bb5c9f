#include "proxy/runtime/log.h"

#include <memory>

#include "spdlog/logger.h"
#include "spdlog/pattern_formatter.h"

#include "proxy/runtime/log_sink.h"

namespace outrigger::log {
namespace {

constexpr std::string_view kComponentNames[] = {
#define X(name) #name,
    OUTRIGGER_LOG_COMPONENTS(X)
#undef X
};
constexpr std::string_view kLevelNames[] = {"trace", "debug",    "info", "warning",
                                            "error", "critical", "off"};

// This file's own path tells how long the part is that all sources have in common.
constexpr std::string_view kOwnPath = "proxy/runtime/log.cc";
const char* below_root(const char* file) {
  constexpr std::string_view own = __FILE__;
  constexpr std::string_view root = own.substr(0, own.size() - kOwnPath.size());
  return std::string_view(file).rfind(root, 0) == 0 ? file + root.size() : file;
}

struct State {
  std::shared_ptr<FdSink> sink = std::make_shared<FdSink>();
  State() { sink->set_formatter(make_formatter(std::string(kDefaultPattern))); }
};

// Never destroyed: what runs at exit may still log.
State& state() {
  static State* const state = new State;
  return *state;
}

}  // namespace

std::atomic<Level> levels[kComponents] = {
#define X(name) kDefaultLevel,
    OUTRIGGER_LOG_COMPONENTS(X)
#undef X
};

std::string_view name(Component component) {
  return kComponentNames[static_cast<size_t>(component)];
}
std::string_view name(Level level) {
  return kLevelNames[static_cast<size_t>(level)];
}

std::optional<Component> component_of(std::string_view name) {
  for (size_t i = 0; i < kComponents; ++i) {
    if (kComponentNames[i] == name) return static_cast<Component>(i);
  }
  return std::nullopt;
}

std::optional<Level> level_of(std::string_view name) {
  if (name == "warn") return Level::warning;
  for (size_t i = 0; i < std::size(kLevelNames); ++i) {
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void set_all_levels(Level level) {
  for (std::atomic<Level>& each : levels) each.store(level, std::memory_order_relaxed);
}

void write(Component component, Level level, const Place& place, std::string_view message) {
  static_assert(static_cast<int>(Level::critical) == SPDLOG_LEVEL_CRITICAL);
  std::string_view logger = name(component);
  spdlog::details::log_msg line(
      spdlog::source_loc(below_root(place.file), place.line, place.function),
      spdlog::string_view_t(logger.data(), logger.size()),
      static_cast<spdlog::level::level_enum>(level),
      spdlog::string_view_t(message.data(), message.size()));
  state().sink->log(line);
}

bool set_output(const Output& output) {
  if (!state().sink->open(output.path)) return false;
  state().sink->set_formatter(make_formatter(output.pattern));
  return true;
}

bool reopen_output() {
  return state().sink->reopen();
}

}  // namespace outrigger::log
