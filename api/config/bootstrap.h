// Bootstrap: everything that one configuration file says, compiled. Thread: main. Semantics:
// envoy.config.bootstrap.v3.Bootstrap.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/config/cluster.h"
#include "api/config/listener.h"
#include "api/metadata.h"
#include "api/net/address.h"
#include "api/net/socket_option.h"

namespace outrigger::config {

struct Admin {
  net::Address address;
  std::vector<AccessLog> access_logs;
  std::vector<net::SocketOption> socket_options;
  std::vector<StringMatcher> allowed_paths;  // empty: every page may be asked
};

// stats_config.stats_tags: a fixed value, or a regex whose first group is removed from the name and
// whose second is the value.
struct TagSpecifier {
  std::string tag_name;
  std::string pattern;  // empty: fixed_value
  std::string fixed_value;
};

struct StatsConfig {
  std::vector<TagSpecifier> tags;
  bool use_all_default_tags = true;
  // stats_matcher: reject_all, or inclusion/exclusion lists.
  enum class Match : uint8_t {
    all,
    none,
    include,
    exclude
  } match = Match::all;
  std::vector<StringMatcher> patterns;
  struct Buckets {
    StringMatcher name;
    std::vector<double> bounds;
  };
  std::vector<Buckets> histogram_buckets;
};

struct NodeIdentity {
  std::string id, cluster, region, zone, sub_zone;
  MetadataStruct metadata = {};  // Istio: NAME, NAMESPACE, LABELS, ...
};

struct Bootstrap {
  NodeIdentity node;
  std::optional<Admin> admin;
  std::vector<ListenerPtr> listeners;
  std::vector<ClusterPtr> clusters;
  StatsConfig stats;
  std::chrono::milliseconds stats_flush_interval{5000};
  bool dispatcher_stats = false;  // the workers' loops measure their turns
  std::string header_prefix = "x-envoy";
  // Of all listeners together (overload_manager); nullopt: the runtime's, if it has one.
  std::optional<int64_t> max_downstream_connections;
  // Of the application log, as spdlog writes it; empty: the command line's.
  std::string log_pattern;
  // layered_runtime and runtime: key -> value as text, later layers win.
  struct RuntimeLayer {
    std::string name;
    std::unordered_map<std::string, std::string> values;
    bool admin = false;
  };
  std::vector<RuntimeLayer> runtime_layers;
  std::string outlier_event_log_path;  // of all clusters; empty: none
};

}  // namespace outrigger::config
