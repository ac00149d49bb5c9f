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

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "xds/compile_environment.h"
#include "xds/compile_http_connection_manager.h"
#include "xds/dynamic_sources.h"
#include "xds/ledger.h"
#include "xds/protocol/subscription.h"
#include "xds/resource_reader.h"

namespace outrigger::xds {

class DiscoveredTable;

struct RouteManagerParts {
  SubscriptionFactory& subscriptions;
  ResourceReader& reader;
  CompileEnvironment& environment;
  Ledger& ledger;
  // Asked only by tables with validate_clusters.
  ClusterExists cluster_exists;
  // Runs a task on the main thread, from any. Empty: virtual hosts cannot be asked for.
  std::function<void(std::function<void()>)> post = {};
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
                                                      InitSet* init);
  // `init` waits for a table that somebody holds.
  void wait(const DynamicSources::Rds& rds, InitSet& init);
  // Ends the subscriptions to tables that nobody holds any more; called now and then.
  void sweep();
  size_t size() const { return tables_.size(); }

 private:
  RouteManagerParts parts_;
  // By the octets of the message that asks for them: source and name.
  absl::flat_hash_map<std::string, std::unique_ptr<DiscoveredTable>> tables_;
  // Large tables take their time to be freed: that is done here, when no worker has them any more.
  std::vector<std::shared_ptr<const config::RouteTable>> replaced_;
};

}  // namespace outrigger::xds
