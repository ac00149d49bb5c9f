// What compiling routes asks for, for tests: every cluster exists but "missing"; overrides of
// filters are names without settings.
#pragma once

#include <string>
#include <string_view>

#include "proxy/observe/stats_store.h"
#include "xds/compile_route.h"

namespace outrigger::xds {

class FakeRouteContext final : public RouteCompileContext {
 public:
  config::ClusterSlots& clusters() override { return slots_; }
  StatsRegistry& stats() override { return stats_; }
  absl::StatusOr<config::PerFilterConfig> compile_per_filter(
      const google::protobuf::Map<std::string, google::protobuf::Any>& configs) override {
    config::PerFilterConfig out;
    for (const auto& [name, config] : configs) out.entries.push_back({name, nullptr, false});
    return out;
  }
  bool cluster_exists(std::string_view name) const override { return name != "missing"; }
  bool validate_clusters_by_default() const override { return true; }

 private:
  observe::StatsStore stats_;
  config::ClusterSlots slots_;
};

}  // namespace outrigger::xds
