// ScopeSet: the scopes of one connection manager's scoped routes, by name, and the slot that holds
// the table of their keys. Thread: main. Lifetime: until nobody holds the slot.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/route/v3/scoped_route.pb.h"

#include "api/config/scoped_routes.h"
#include "api/stats_xds.h"
#include "xds/dynamic/route_manager.h"
#include "xds/dynamic_sources.h"
#include "xds/init_set.h"
#include "xds/octets.h"
#include "xds/protocol/subscription.h"

namespace outrigger::xds {

class ScopeSet final : private SubscriptionHandler {
 public:
  using Slot = config::Slot<config::ScopeTable>;
  using Scope = envoy::config::route::v3::ScopedRouteConfiguration;

  ScopeSet(RouteManagerParts& parts, RouteManager& routes,
           const DynamicSources::ScopedRoutesMessage& message, std::string stat_prefix,
           const std::shared_ptr<Slot>& slot);
  ~ScopeSet();

  // The scopes of the listener, or the subscription to them. What they wait for is added to `init`.
  absl::Status start(InitSet* init);
  // nullptr: nobody holds it any more.
  std::shared_ptr<Slot> slot() const { return slot_.lock(); }
  void wait(InitSet& init);

 private:
  struct Known {
    config::ScopeKey key;
    std::shared_ptr<const config::Slot<config::RouteTable>> routes;
    Digest digest{};
  };

  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override { answered(); }

  absl::Status apply(const Resource& resource);
  absl::StatusOr<Known> compile(const Scope& scope);
  absl::StatusOr<std::shared_ptr<const config::Slot<config::RouteTable>>> routes_of(
      const Scope& scope);
  absl::Status check_key(const std::string& name, const config::ScopeKey& key) const;
  void publish();
  void answered();

  RouteManagerParts& parts_;
  RouteManager& routes_;
  DynamicSources::ScopedRoutesMessage message_;
  std::string stat_prefix_;
  StatsScopePtr subscription_stats_, scope_;
  ScopedRdsStats& stats_;
  std::weak_ptr<Slot> slot_;
  std::map<std::string, Known> known_;
  std::unique_ptr<Subscription> subscription_;
  std::vector<std::weak_ptr<InitSet>> init_;  // who waits waits for the scopes' tables as well
  std::vector<std::shared_ptr<InitTarget>> waiting_;
  bool answered_ = false;
};

}  // namespace outrigger::xds
