#include "proxy/options.h"

#include <map>
#include <memory>
#include <optional>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "proxy/cpu_limit.h"
#include "proxy/hot_restart/protocol.h"
#include "proxy/logging.h"
#include "proxy/version.h"

namespace outrigger {
namespace {

// A worker is a thread with its own listening sockets; more of them than any machine has processors
// is a mistake.
constexpr uint32_t kMaxConcurrency = 1024;

// What CLI11 fills in; turned into Options by check().
struct Raw {
  Options options;
  std::optional<uint32_t> concurrency;
  std::optional<uint32_t> base_id;
  std::string mode = "serve";
  std::string drain_strategy = "gradual";
  std::string event_engine = "epoll";
  std::string local_address_ip_version = "v4";
  std::string log_level;
  std::vector<std::string> stats_tags;
  uint32_t drain_time_s = 600;
  uint32_t parent_shutdown_time_s = 900;
  uint32_t file_flush_interval_ms = 10'000;
  std::string prefix_with_location;
  bool allow_unknown_fields = false;
  bool version = false;
  bool hot_restart_version = false;
};

void add_configuration_flags(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  app.add_option("-c,--config-path", o.config_path, "Path to configuration file");
  app.add_option("--config-yaml", o.config_yaml,
                 "Inline YAML configuration, merges with the contents of --config-path");
  app.add_option(
      "--mode", raw.mode,
      "One of 'serve' (default; validate configuration and then serve traffic), 'validate' "
      "(validate configuration and exit) or 'init_only' (start without serving, then exit)");
  app.add_flag("--allow-unknown-static-fields", o.allow_unknown_static_fields,
               "Allow unknown fields in static configuration");
  app.add_flag("--allow-unknown-fields", raw.allow_unknown_fields, "The same (deprecated)");
  app.add_flag("--reject-unknown-dynamic-fields", o.reject_unknown_dynamic_fields,
               "Reject unknown fields in dynamic configuration (no effect)");
  app.add_flag("--ignore-unknown-dynamic-fields", o.ignore_unknown_dynamic_fields,
               "Ignore unknown fields in dynamic configuration (no effect)");
  app.add_flag("--skip-deprecated-logs", o.skip_deprecated_logs,
               "Do not warn of deprecated fields (no effect: nothing does)");
  app.add_option("--disable-extensions", o.disabled_extensions,
                 "Comma-separated list of extensions to disable (no effect)");
}

void add_identity_flags(CLI::App& app, Raw& raw) {
  app.add_option("--service-cluster", raw.options.service_cluster, "Cluster name");
  app.add_option("--service-node", raw.options.service_node, "Node name");
  app.add_option("--service-zone", raw.options.service_zone, "Zone name");
  app.add_option("--stats-tag", raw.stats_tags,
                 "A tag for all stats, as name:value; may be given several times")
      ->allow_extra_args(false);
}

void add_running_flags(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  app.add_option(
         "--concurrency", raw.concurrency,
         "Number of worker threads (default: the CPU limit of the control group, bounded by the "
         "processors that the process may use)")
      ->check(CLI::Range(0u, kMaxConcurrency));
  app.add_option("--event-engine", raw.event_engine,
                 "One of 'epoll' (default) or 'io_uring' (runs on epoll)");
  app.add_option("--local-address-ip-version", raw.local_address_ip_version,
                 "The local IP address version, v4 or v6 (no effect)");
  app.add_option("--admin-address-path", o.admin_address_path,
                 "File to which the address of the admin server is written");
  app.add_option("--file-flush-interval-msec", raw.file_flush_interval_ms,
                 "Interval for access log flushing in msec");
  app.add_option("--file-flush-min-size-kb", o.file_flush_min_size_kb,
                 "Minimum size in KB for access log flushing (no effect)");
  app.add_flag(
      "--cpuset-threads", o.cpuset_threads,
      "Default number of workers from the cpuset (no effect: it always bounds the default)");
  app.add_flag("--enable-mutex-tracing", o.enable_mutex_tracing,
               "Trace mutex contention (no effect)");
  app.add_flag("--enable-core-dump", o.enable_core_dump,
               "Enable core dumps (no effect: use ulimit -c)");
}

void add_log_flags(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  app.add_option("-l,--log-level", raw.log_level,
                 "Log level: trace, debug, info (default), warning, warn, error, critical or off");
  app.add_option(
      "--component-log-level", o.component_log_level,
      "Comma-separated list of component log levels, for example upstream:debug,config:trace");
  app.add_option("--log-path", o.log_path, "Path to logfile (default: stderr)");
  app.add_option(
      "--log-format", o.log_format,
      fmt::format("Log message format in spdlog syntax (default: {})", log::kDefaultPattern));
  app.add_flag("--log-format-escaped", o.log_format_escaped,
               "Escape control characters in the application log's messages");
  app.add_option("--log-format-prefix-with-location", raw.prefix_with_location, "(no effect)");
  app.add_flag("--enable-fine-grain-logging", o.enable_fine_grain_logging,
               "Log levels by file (no effect)");
  app.add_flag("--log-stacktrace-single-entry", o.log_stacktrace_single_entry, "(no effect)");
}

void add_end_flags(CLI::App& app, Raw& raw) {
  Options& o = raw.options;
  app.add_option("--drain-time-s", raw.drain_time_s, "Drain time in seconds");
  app.add_option("--drain-strategy", raw.drain_strategy,
                 "One of 'gradual' (default) or 'immediate' (no effect: always immediate)");
  app.add_option("--parent-shutdown-time-s", raw.parent_shutdown_time_s,
                 "Hot restart parent shutdown time in seconds");
  app.add_flag("--disable-hot-restart", o.disable_hot_restart, "Disable hot restart");
  app.add_option("--restart-epoch", o.restart_epoch,
                 "Hot restart epoch: one more than that of the process to replace (default: 0)");
  app.add_option("--base-id", raw.base_id,
                 "Hot restart base id: tells the proxies of one machine apart (default: 0)");
  app.add_flag("--use-dynamic-base-id", o.use_dynamic_base_id,
               "Choose a hot restart base id that nobody has");
  app.add_option("--base-id-path", o.base_id_path, "Path to which the base id is written");
  app.add_option("--socket-path", o.socket_path,
                 "Path of the hot restart socket; '@' before it: abstract");
  app.add_option("--socket-mode", o.socket_mode,
                 "Permissions of the hot restart socket's file, octal (default: 600)");
  app.add_flag("--skip-hot-restart-on-no-parent", o.skip_hot_restart_on_no_parent,
               "Start all the same where there is no process to replace");
  app.add_flag("--skip-hot-restart-parent-stats", o.skip_hot_restart_parent_stats,
               "Do not take the statistics of the process to replace");
  app.add_flag("--hot-restart-version", raw.hot_restart_version,
               "Print the hot restart compatibility version and exit");
  app.add_flag("--version", raw.version, "Print version information and exit");
}

CommandLineExit failure(std::string_view text) {
  return {1, fmt::format("error: {}\nRun with --help to see every flag.\n", text)};
}

template <class Value>
std::optional<Value> choose(const std::map<std::string, Value>& values, const std::string& text) {
  auto found = values.find(text);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

bool all_alphanumeric(const std::string& text) {
  for (char c : text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// Puts "name:value" into `options`, or says what is wrong with it. The first of two tags of the
// same name stays.
std::optional<std::string> take_stats_tag(const std::string& tag, Options& options) {
  size_t colon = tag.find(':');
  if (colon == std::string::npos || colon == 0)
    return fmt::format("misformatted stats-tag '{}'", tag);
  std::string name = tag.substr(0, colon);
  std::string value = tag.substr(colon + 1);
  std::string_view contains = "misformatted stats-tag '{}' contains invalid char in '{}'";
  if (!all_alphanumeric(name)) return fmt::format(fmt::runtime(contains), tag, name);
  if (value.find('.') != std::string::npos) return fmt::format(fmt::runtime(contains), tag, value);
  for (const auto& [known, unused] : options.stats_tags) {
    if (known == name) return std::nullopt;
  }
  options.stats_tags.emplace_back(name, value);
  return std::nullopt;
}

// The flags that take one of a few words.
std::optional<std::string> take_words(const Raw& raw, Options& o) {
  auto mode = choose<Mode>(
      {{"serve", Mode::serve}, {"validate", Mode::validate}, {"init_only", Mode::init_only}},
      raw.mode);
  if (!mode) return fmt::format("unknown mode '{}'", raw.mode);
  auto strategy = choose<DrainStrategy>(
      {{"gradual", DrainStrategy::gradual}, {"immediate", DrainStrategy::immediate}},
      raw.drain_strategy);
  if (!strategy) return fmt::format("unknown drain-strategy '{}'", raw.drain_strategy);
  auto version = choose<IpVersion>({{"v4", IpVersion::v4}, {"v6", IpVersion::v6}},
                                   raw.local_address_ip_version);
  if (!version) return fmt::format("unknown IP address version '{}'", raw.local_address_ip_version);
  auto engine = choose<EventEngine>(
      {{"epoll", EventEngine::epoll}, {"io_uring", EventEngine::io_uring}}, raw.event_engine);
  if (!engine) return fmt::format("unknown event engine '{}'", raw.event_engine);
  o.mode = *mode;
  o.drain_strategy = *strategy;
  o.local_address_ip_version = *version;
  o.event_engine = *engine;
  return std::nullopt;
}

std::optional<std::string> take_log_levels(const Raw& raw, Options& o) {
  if (!raw.log_level.empty()) {
    auto level = log::level_of(raw.log_level);
    if (!level) return fmt::format("invalid log level specified '{}'", raw.log_level);
    o.log_level = *level;
  }
  auto levels = parse_component_levels(o.component_log_level);
  if (!levels.ok()) return std::string(levels.status().message());
  if (o.enable_fine_grain_logging && !o.component_log_level.empty()) {
    return "--component-log-level will not work with --enable-fine-grain-logging";
  }
  return std::nullopt;
}

std::variant<Options, CommandLineExit> check(const Raw& raw) {
  Options o = raw.options;
  if (auto wrong = take_words(raw, o)) return failure(*wrong);
  if (auto wrong = take_log_levels(raw, o)) return failure(*wrong);
  for (const std::string& tag : raw.stats_tags) {
    if (auto wrong = take_stats_tag(tag, o)) return failure(*wrong);
  }
  if (o.restart_epoch > 0 && o.use_dynamic_base_id) {
    return failure(
        fmt::format("cannot use --restart-epoch={} with --use-dynamic-base-id", o.restart_epoch));
  }
  if (o.config_path.empty() && o.config_yaml.empty()) {
    return failure("At least one of --config-path or --config-yaml should be non-empty");
  }
  o.concurrency = std::max(1u, raw.concurrency ? *raw.concurrency : default_concurrency());
  o.allow_unknown_static_fields |= raw.allow_unknown_fields;
  o.base_id = raw.base_id.value_or(0);
  o.base_id_given = raw.base_id.has_value();
  o.drain_time = std::chrono::seconds(raw.drain_time_s);
  o.parent_shutdown_time = std::chrono::seconds(raw.parent_shutdown_time_s);
  o.file_flush_interval = std::chrono::milliseconds(raw.file_flush_interval_ms);
  return o;
}

// What follows "--" or "--ignore_rest" is not ours.
int end_of_arguments(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--" || argument == "--ignore_rest") return i;
  }
  return argc;
}

}  // namespace

std::variant<Options, CommandLineExit> parse_options(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app("Outrigger: a proxy that reads Envoy's configuration", "outrigger");
  add_configuration_flags(app, raw);
  add_identity_flags(app, raw);
  add_running_flags(app, raw);
  add_log_flags(app, raw);
  add_end_flags(app, raw);
  try {
    app.parse(end_of_arguments(argc, argv), argv);
  } catch (const CLI::CallForHelp&) {
    return CommandLineExit{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return failure(error.what());
  }
  if (raw.version)
    return CommandLineExit{0, fmt::format("\noutrigger  version: {}\n\n", version_text())};
  if (raw.hot_restart_version)
    return CommandLineExit{0, raw.options.disable_hot_restart
                                  ? std::string("disabled\n")
                                  : fmt::format("{}\n", hot_restart::kProtocolVersion)};
  return check(raw);
}

}  // namespace outrigger
