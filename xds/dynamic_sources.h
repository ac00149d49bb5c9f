// DynamicSources: where a compilation finds what its message only names and a management server or
// a file is to send: route tables, filter configurations. Equal names from equal sources share one
// slot and one subscription, which ends when nobody holds the slot any more. Thread: main.
// Lifetime: the process's.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/config_source.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "api/config/route.h"
#include "api/config/scoped_routes.h"
#include "api/config/slot.h"
#include "api/filter/cluster_demand.h"
#include "api/filter/http_filter.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

class DynamicSources {
 public:
  using Rds = envoy::extensions::filters::network::http_connection_manager::v3::Rds;
  using ScopedRoutesMessage =
      envoy::extensions::filters::network::http_connection_manager::v3::ScopedRoutes;
  using RouteSlotPtr = std::shared_ptr<const config::Slot<config::RouteTable>>;
  using FilterSlotPtr = std::shared_ptr<const config::Slot<HttpFilterFactory>>;
  virtual ~DynamicSources() = default;

  // What the slot waits for is added to environment.init. `stat_prefix`: "http.<stat_prefix>.".
  virtual absl::StatusOr<RouteSlotPtr> routes(const Rds& rds, const std::string& stat_prefix,
                                              CompileEnvironment& environment) = 0;
  // Which table a request is matched against: each scope's is as from routes().
  virtual absl::StatusOr<std::shared_ptr<const config::ScopedRoutes>> scopes(
      const ScopedRoutesMessage& message, const std::string& stat_prefix,
      CompileEnvironment& environment) = 0;
  virtual absl::StatusOr<FilterSlotPtr> http_filter(
      const std::string& filter_name, const envoy::config::core::v3::ExtensionConfigSource& source,
      const std::string& stat_prefix, CompileEnvironment& environment) = 0;
  // Who asks for clusters that requests name (on-demand CDS); `locator` may be empty. Errors open
  // with the field of OnDemandCds.
  virtual absl::StatusOr<std::shared_ptr<const ClusterDemand>> cluster_demand(
      const envoy::config::core::v3::ConfigSource&, const std::string& /*locator*/) {
    return absl::UnimplementedError("clusters cannot be asked for here");
  }
};

}  // namespace outrigger::xds
