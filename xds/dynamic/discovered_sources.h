// DiscoveredSources: all that compilations may find by discovery, put together of the managers of
// each kind. Thread: main. Lifetime: the process's; its parts outlive it.
#pragma once

#include <functional>
#include <string>

#include "xds/dynamic/cluster_manager.h"
#include "xds/dynamic/extension_configs.h"
#include "xds/dynamic/route_manager.h"
#include "xds/dynamic/route_scopes.h"
#include "xds/dynamic_sources.h"

namespace outrigger::xds {

class DiscoveredSources final : public DynamicSources {
 public:
  // Made with the bootstrap's defaults, later than the others: nullptr before.
  using Clusters = std::function<ClusterManager*()>;
  DiscoveredSources(RouteManager& routes, RouteScopes& scopes, ExtensionConfigs& extensions,
                    Clusters clusters)
      : routes_(routes), scopes_(scopes), extensions_(extensions), clusters_(std::move(clusters)) {}

  absl::StatusOr<RouteSlotPtr> routes(const Rds& rds, const std::string& stat_prefix,
                                      CompileEnvironment& environment) override {
    return routes_.routes(rds, stat_prefix, environment.init);
  }
  absl::StatusOr<std::shared_ptr<const config::ScopedRoutes>> scopes(
      const ScopedRoutesMessage& message, const std::string& stat_prefix,
      CompileEnvironment& environment) override {
    return scopes_.scopes(message, stat_prefix, environment);
  }
  absl::StatusOr<FilterSlotPtr> http_filter(
      const std::string& filter_name, const envoy::config::core::v3::ExtensionConfigSource& source,
      const std::string& stat_prefix, CompileEnvironment& environment) override {
    return extensions_.http_filter(filter_name, source, stat_prefix, environment);
  }
  absl::StatusOr<std::shared_ptr<const ClusterDemand>> cluster_demand(
      const envoy::config::core::v3::ConfigSource& source, const std::string& locator) override {
    ClusterManager* clusters = clusters_();
    if (clusters == nullptr) return absl::FailedPreconditionError("the server is not set up yet");
    return clusters->demand(source, locator);
  }
  // Now and then: subscriptions that nobody needs any more end.
  void sweep() {
    scopes_.sweep();
    routes_.sweep();
    extensions_.sweep();
    if (ClusterManager* clusters = clusters_()) clusters->sweep();
  }

 private:
  RouteManager& routes_;
  RouteScopes& scopes_;
  ExtensionConfigs& extensions_;
  Clusters clusters_;
};

}  // namespace outrigger::xds
