// Compiles a RouteConfiguration into the immutable table that workers match against. Thread: main.
// Every problem found is reported, one line each:
// "virtual_hosts[2].routes[0].route.weighted_clusters: total weight is 0".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/map.h"

#include "envoy/config/route/v3/route.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"

#include "api/config/route.h"
#include "api/filter/host_demand.h"
#include "api/stats.h"

namespace outrigger::xds {

// What compiling routes needs of the rest of the configuration.
class RouteCompileContext {
 public:
  virtual config::ClusterSlots& clusters() = 0;
  virtual StatsRegistry& stats() = 0;
  // typed_per_filter_config; errors open with the filter's name.
  virtual absl::StatusOr<config::PerFilterConfig> compile_per_filter(
      const google::protobuf::Map<std::string, google::protobuf::Any>& configs) = 0;
  // Is there such a cluster? Asked only where the table validates its clusters.
  virtual bool cluster_exists(std::string_view name) const = 0;
  // validate_clusters where the message does not say: true for inline tables, false for discovered
  // ones.
  virtual bool validate_clusters_by_default() const = 0;
  // Where virtual hosts that the table lacks are asked for; nullptr: nowhere.
  virtual std::shared_ptr<const HostDemand> host_demand() const { return nullptr; }

 protected:
  ~RouteCompileContext() = default;
};

absl::StatusOr<std::shared_ptr<const config::RouteTable>> compile_route_table(
    const envoy::config::route::v3::RouteConfiguration& table, RouteCompileContext& context);

// Used by the connection manager as well as by routes.
absl::StatusOr<config::RetryPolicy> compile_retry_policy(
    const envoy::config::route::v3::RetryPolicy& policy);

}  // namespace outrigger::xds
