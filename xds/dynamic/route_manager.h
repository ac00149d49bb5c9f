// RouteManager: route tables that a management server or a file gives (RDS). Equal names from equal
// sources are one table, one subscription and one slot, which connection managers share; a new
// version is put into the slot, so no listener and no connection notices. A bad version is refused
// by name, the last good one stays in force. Thread: main; slots are let go of on any thread.
// Lifetime: the process's; its parts outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "xds/compile_environment.h"
#include "xds/compile_http_connection_manager.h"
#include "xds/dynamic_sources.h"
#include "xds/ledger.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"

namespace outrigger::xds {

struct RouteManagerParts {
  SubscriptionFactory& subscriptions;
  ResourceReader& reader;
  CompileEnvironment& environment;
  Ledger& ledger;
  // Asked only by tables with validate_clusters.
  ClusterExists cluster_exists;
};

class RouteManager {
 public:
  static constexpr std::string_view kTypeUrl =
      "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

  explicit RouteManager(RouteManagerParts parts);
  ~RouteManager();
  RouteManager(const RouteManager&) = delete;
  RouteManager& operator=(const RouteManager&) = delete;

  // DynamicSources::routes
  absl::StatusOr<DynamicSources::RouteSlotPtr> routes(const DynamicSources::Rds& rds,
                                                      const std::string& stat_prefix,
                                                      CompileEnvironment& environment);
  // Ends the subscriptions to tables that nobody holds any more. Called by routes(); now and then
  // by the composition root.
  void sweep();
  size_t size() const { return tables_.size(); }

 private:
  class Table;

  RouteManagerParts parts_;
  std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace outrigger::xds
