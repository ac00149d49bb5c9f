// RouteScopes: which route table a request is matched against (scoped routes): lists of scopes in
// the listener, and those that a management server or a file gives (SRDS). The tables of scopes
// come from RouteManager. A scope that cannot be used is refused by name, the others go on. Thread:
// main; what it gives is let go of on any thread. Lifetime: the process's; its parts outlive it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"

#include "xds/dynamic/route_manager.h"
#include "xds/dynamic_sources.h"

namespace outrigger::xds {

class ScopeSet;

class RouteScopes {
 public:
  static constexpr std::string_view kTypeUrl =
      "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";

  RouteScopes(RouteManagerParts parts, RouteManager& routes);
  ~RouteScopes();
  RouteScopes(const RouteScopes&) = delete;
  RouteScopes& operator=(const RouteScopes&) = delete;

  // DynamicSources::scopes
  absl::StatusOr<std::shared_ptr<const config::ScopedRoutes>> scopes(
      const DynamicSources::ScopedRoutesMessage& message, const std::string& stat_prefix,
      CompileEnvironment& environment);
  // Ends the subscriptions that nobody needs any more; called now and then.
  void sweep();
  size_t size() const { return sets_.size(); }

 private:
  RouteManagerParts parts_;
  RouteManager& routes_;
  absl::flat_hash_map<std::string, std::unique_ptr<ScopeSet>> sets_;
};

}  // namespace outrigger::xds
