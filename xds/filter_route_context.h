// FilterRouteContext: what compiling routes finds for a connection manager: its filters' settings,
// the clusters. Thread: main. Lifetime: one compilation.
#pragma once

#include <memory>
#include <utility>

#include "api/filter/compile_context.h"
#include "xds/compile_filters.h"
#include "xds/compile_http_connection_manager.h"
#include "xds/compile_route.h"

namespace outrigger::xds {

enum class RouteOrigin : uint8_t {
  inline_,
  discovered  // the clusters may come later
};

class FilterRouteContext final : public RouteCompileContext {
 public:
  FilterRouteContext(CompileContext& filters, const ClusterExists& cluster_exists,
                     RouteOrigin origin)
      : filters_(filters), cluster_exists_(cluster_exists), origin_(origin) {}
  config::ClusterSlots& clusters() override { return filters_.clusters(); }
  StatsRegistry& stats() override { return filters_.stats(); }
  absl::StatusOr<config::PerFilterConfig> compile_per_filter(
      const google::protobuf::Map<std::string, google::protobuf::Any>& configs) override {
    return compile_per_filter_config(configs, filters_);
  }
  bool cluster_exists(std::string_view name) const override {
    return !cluster_exists_ || cluster_exists_(name);
  }
  bool validate_clusters_by_default() const override { return origin_ == RouteOrigin::inline_; }
  std::shared_ptr<const HostDemand> host_demand() const override { return demand_; }
  void set_host_demand(std::shared_ptr<const HostDemand> demand) { demand_ = std::move(demand); }

 private:
  CompileContext& filters_;
  const ClusterExists& cluster_exists_;
  RouteOrigin origin_;
  std::shared_ptr<const HostDemand> demand_;
};

}  // namespace outrigger::xds
