// Compiles what concerns the process: node, administration, runtime, statistics. Thread: main.
// Errors open with the field's path.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/metrics/v3/stats.pb.h"

#include "api/config/bootstrap.h"

namespace outrigger::xds {

absl::StatusOr<config::Admin> compile_admin(const envoy::config::bootstrap::v3::Admin& admin);

absl::StatusOr<std::vector<config::Bootstrap::RuntimeLayer>> compile_runtime(
    const envoy::config::bootstrap::v3::LayeredRuntime& runtime);

// A layer's values by their whole names: keys of inner mappings are joined by dots.
absl::StatusOr<std::unordered_map<std::string, std::string>> compile_runtime_values(
    const google::protobuf::Struct& values);

absl::StatusOr<config::StatsConfig> compile_stats_config(
    const envoy::config::metrics::v3::StatsConfig& stats);

// What `overrides` says replaces what the message says.
config::NodeIdentity compile_node(const envoy::config::core::v3::Node& node,
                                  const config::NodeIdentity& overrides);

}  // namespace outrigger::xds
