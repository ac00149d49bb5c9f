// DiscoveredTable: one route table of a management server or a file: its subscription, what it was
// made of, the slot that it is put into. Thread: main. Lifetime: until nobody holds the slot.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/route/v3/route.pb.h"

#include "api/config/route.h"
#include "api/config/slot.h"
#include "api/stats_xds.h"
#include "xds/dynamic/route_manager.h"
#include "xds/dynamic/virtual_hosts.h"
#include "xds/dynamic_sources.h"
#include "xds/init_set.h"
#include "xds/octets.h"
#include "xds/protocol/subscription.h"

namespace outrigger::xds {

class DiscoveredTable final : private SubscriptionHandler {
 public:
  using Slot = config::Slot<config::RouteTable>;
  // Is given tables that are not in force any more.
  using Retire = std::function<void(std::shared_ptr<const config::RouteTable>)>;

  DiscoveredTable(RouteManagerParts& parts, std::string name, std::string stat_prefix,
                  const std::shared_ptr<Slot>& slot, Retire retire);
  ~DiscoveredTable();

  absl::Status subscribe(const envoy::config::core::v3::ConfigSource& source);
  // nullptr: nobody holds it any more.
  std::shared_ptr<Slot> slot() const { return slot_.lock(); }
  // Whoever waits is told when there is a table, or none is coming.
  void wait(InitSet& init);

 private:
  using Message = envoy::config::route::v3::RouteConfiguration;
  class Demand;

  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override { answered(); }

  absl::Status apply(const Resource& resource);
  absl::Status put(const Message& message);
  // Makes the table of the message and the hosts that came one by one.
  absl::Status publish(const Message& message, const VirtualHosts::Hosts* hosts);
  absl::Status follow_virtual_hosts(const Message& message);
  void answered();

  RouteManagerParts& parts_;
  std::string name_;
  std::string stat_prefix_;
  Retire retire_;
  StatsScopePtr subscription_stats_, scope_;
  RdsStats& stats_;
  std::weak_ptr<Slot> slot_;
  std::unique_ptr<Subscription> subscription_;
  std::vector<std::shared_ptr<InitTarget>> waiting_;
  bool answered_ = false;
  std::unique_ptr<Message> message_;  // only of a table with VHDS
  std::unique_ptr<VirtualHosts> virtual_hosts_;
  std::shared_ptr<DiscoveredTable*> place_;  // where workers' demands find it
  Digest present_{};                         // of the octets that the table was made of
};

}  // namespace outrigger::xds
