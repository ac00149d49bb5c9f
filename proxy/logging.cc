#include "proxy/logging.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"

#include "proxy/options.h"

namespace outrigger {
namespace {

// Loggers of Envoy without a counterpart here.
constexpr std::string_view kOnlyInEnvoy[] = {"a2a",
                                             "ai_protocol_manager",
                                             "alternate_protocols_cache",
                                             "assert",
                                             "aws",
                                             "backtrace",
                                             "basic_auth",
                                             "cache_filter",
                                             "compression",
                                             "credential_injector",
                                             "decompression",
                                             "dubbo",
                                             "dynamic_modules",
                                             "envoy_bug",
                                             "ext_proc",
                                             "forward_proxy",
                                             "geolocation",
                                             "golang",
                                             "happy_eyeballs",
                                             "health_checker",
                                             "hystrix",
                                             "ip_tagging",
                                             "json_rpc",
                                             "kafka",
                                             "key_value_store",
                                             "local_rate_limit",
                                             "mcp",
                                             "mongo",
                                             "multi_connection",
                                             "notification",
                                             "oauth2",
                                             "quic",
                                             "quic_stream",
                                             "rate_limit_quota",
                                             "redis",
                                             "rocketmq",
                                             "sse",
                                             "stats_sinks",
                                             "tap",
                                             "testing",
                                             "thrift",
                                             "udp",
                                             "wasm",
                                             "websocket"};

bool only_in_envoy(std::string_view name) {
  for (std::string_view other : kOnlyInEnvoy) {
    if (other == name) return true;
  }
  return false;
}

// Only those whose absence somebody may wait for; docs/command-line.md lists all.
void report_flags_without_effect(const Options& options) {
  if (options.event_engine == EventEngine::io_uring) {
    OUTRIGGER_LOG(main, warning, "--event-engine io_uring: not in this build, running on epoll");
  }
  if (!options.disabled_extensions.empty()) {
    OUTRIGGER_LOG(main, warning, "--disable-extensions {}: no extension is disabled",
                  options.disabled_extensions);
  }
}

absl::Status invalid(std::string text) {
  return absl::InvalidArgumentError(text);
}

}  // namespace

absl::StatusOr<ComponentLevels> parse_component_levels(std::string_view list) {
  ComponentLevels levels;
  std::vector<std::string> entries = absl::StrSplit(std::string(list), ',', absl::SkipEmpty());
  for (const std::string& entry : entries) {
    std::vector<std::string> parts = absl::StrSplit(entry, ':');
    if (parts.size() != 2) {
      return invalid(fmt::format("component log level not correctly specified '{}'", entry));
    }
    auto level = log::level_of(parts[1]);
    if (!level) return invalid(fmt::format("invalid log level specified '{}'", parts[1]));
    auto component = log::component_of(parts[0]);
    if (component) {
      levels.emplace_back(*component, *level);
    } else if (!only_in_envoy(parts[0])) {
      return invalid(fmt::format("invalid component specified '{}'", parts[0]));
    }
  }
  return levels;
}

absl::Status set_up_logging(const Options& options) {
  auto levels = parse_component_levels(options.component_log_level);
  if (!levels.ok()) return levels.status();
  log::Output output{options.log_path, options.log_format};
  if (options.log_format_escaped) {
    // "%%" is a percent sign, also before a "v".
    output.pattern = absl::StrReplaceAll(output.pattern, {{"%%", "%%"}, {"%v", "%_"}});
  }
  if (!log::set_output(output)) {
    return invalid(
        fmt::format("cannot open log file '{}': {}", options.log_path, std::strerror(errno)));
  }
  log::set_all_levels(options.log_level);
  for (auto [component, level] : *levels) log::set_level(component, level);
  report_flags_without_effect(options);
  return absl::OkStatus();
}

absl::Status set_log_pattern(const Options& options, const std::string& pattern) {
  if (pattern.empty()) return absl::OkStatus();
  if (options.log_format != log::kDefaultPattern) {
    return invalid(
        "application_log_config.log_format: only one of it and --log-format can be given");
  }
  if (!log::set_output({options.log_path, pattern})) {
    return invalid(
        fmt::format("cannot open log file '{}': {}", options.log_path, std::strerror(errno)));
  }
  return absl::OkStatus();
}

}  // namespace outrigger
