// Options: the command line, parsed and checked. Flags, names and defaults are Envoy's
// (docs/command-line.md says what each one does here). Thread: main. A value type.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/runtime/log.h"

namespace outrigger {

enum class Mode : uint8_t {
  serve,
  validate,   // check the configuration and exit
  init_only,  // start up to the point of serving, then exit
};
enum class DrainStrategy : uint8_t {
  gradual,
  immediate,
};
enum class IpVersion : uint8_t {
  v4,
  v6
};
enum class EventEngine : uint8_t {
  epoll,
  io_uring
};

struct Options {
  // The configuration. At least one of the first two is not empty; the YAML is merged over the
  // file.
  std::string config_path;
  std::string config_yaml;
  Mode mode = Mode::serve;
  bool allow_unknown_static_fields = false;

  // Who this proxy is; not empty: overrides the bootstrap's node.
  std::string service_cluster;
  std::string service_node;
  std::string service_zone;

  // How it runs.
  uint32_t concurrency = 1;  // workers; default: default_concurrency() of proxy/cpu_limit.h
  EventEngine event_engine = EventEngine::epoll;
  std::string admin_address_path;  // the admin server's bound address is written here
  std::vector<std::pair<std::string, std::string>> stats_tags;  // name, value: on every stat
  std::chrono::milliseconds file_flush_interval{10'000};

  // How it ends.
  std::chrono::seconds drain_time{600};

  // How it takes over from another process (proxy/hot_restart/hot_restart.h).
  std::chrono::seconds parent_shutdown_time{900};
  bool disable_hot_restart = false;
  uint32_t restart_epoch = 0;
  uint32_t base_id = 0;
  bool base_id_given = false;
  bool use_dynamic_base_id = false;
  std::string base_id_path;
  std::string socket_path = "@envoy_domain_socket";
  uint32_t socket_mode = 0;  // its digits are octal, as the flag's are; 0: 600
  bool skip_hot_restart_on_no_parent = false;
  bool skip_hot_restart_parent_stats = false;

  // The application log.
  log::Level log_level = log::kDefaultLevel;
  std::string component_log_level;  // checked; as given
  std::string log_path;
  std::string log_format{log::kDefaultPattern};
  bool log_format_escaped = false;

  // Accepted without effect (docs/command-line.md says why); /server_info shows them.
  DrainStrategy drain_strategy = DrainStrategy::gradual;
  IpVersion local_address_ip_version = IpVersion::v4;
  uint32_t file_flush_min_size_kb = 64;
  bool reject_unknown_dynamic_fields = false;
  bool ignore_unknown_dynamic_fields = false;
  bool skip_deprecated_logs = false;
  bool cpuset_threads = false;
  bool enable_mutex_tracing = false;
  bool enable_core_dump = false;
  bool enable_fine_grain_logging = false;
  bool log_stacktrace_single_entry = false;
  std::string disabled_extensions;
};

// The program ends here: print `text` (to stdout if the code is 0, else to stderr) and exit.
struct CommandLineExit {
  int code = 0;
  std::string text;
};

std::variant<Options, CommandLineExit> parse_options(int argc, const char* const* argv);

}  // namespace outrigger
