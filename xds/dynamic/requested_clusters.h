// RequestedClusters: the clusters of one config source that requests ask for (on-demand CDS): each
// name is subscribed to with the first request that needs it, and stays subscribed to, so that it
// changes and goes as any other cluster. Requests for one name wait together. Thread: main;
// demand() is used by all. Lifetime: its manager's, or until nobody holds its demand any more.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol (ODCDS) and
// envoy.extensions.filters.http.on_demand.v3.OnDemandCds
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "envoy/config/core/v3/config_source.pb.h"

#include "api/filter/cluster_demand.h"
#include "xds/protocol/clock.h"
#include "xds/protocol/subscription.h"

namespace outrigger::xds {

class ClusterManager;

class RequestedClusters final : private SubscriptionHandler {
 public:
  // Clients choose names (cluster_header), and each costs the server and us a subscription: of
  // those without a cluster no more than this are kept, the oldest that no request waits for gives
  // way. Names with a cluster are what the server made of them: it decides how many.
  static constexpr size_t kMaxMissing = 1000;

  RequestedClusters(ClusterManager& manager, envoy::config::core::v3::ConfigSource source,
                    std::string locator);
  ~RequestedClusters();

  const std::shared_ptr<const ClusterDemand>& demand() const { return demand_; }
  bool unused() const { return demand_.use_count() == 1; }
  // The cluster of this name was put in force, whoever sent it.
  void note_activated(const std::string& name);

 private:
  class Demand;
  struct Waiter {
    std::function<void()> done;
    std::unique_ptr<Clock::Alarm> timeout;
  };
  struct Name {
    std::map<uint64_t, Waiter> waiting;
    uint64_t missing = 0;  // its place in missing_; 0: the server has such a cluster
  };

  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override {}  // each request has its own time

  void ask(const std::string& name, std::chrono::milliseconds timeout, std::function<void()> done);
  bool make_room();
  void note_missing(const std::string& name, Name& of);
  void wait(const std::string& name, Name& of, std::chrono::milliseconds timeout,
            std::function<void()> done);
  void give_up(const std::string& name, uint64_t waiter);
  void answered(const std::string& name);
  void in_force_then(std::function<void()> then);
  void tell_later();
  void tell();
  void take(const Resource& resource, UpdateResult& result);
  void remove(const std::string& name);

  ClusterManager& manager_;
  const envoy::config::core::v3::ConfigSource source_;
  const std::string locator_;
  StatsScopePtr stats_;
  std::shared_ptr<RequestedClusters*> place_;  // for who comes after our end
  std::shared_ptr<const ClusterDemand> demand_;
  std::map<std::string, Name, std::less<>> names_;
  std::map<uint64_t, std::string> missing_;  // the oldest first
  uint64_t next_ = 1;
  bool telling_ = false;
  std::unique_ptr<Subscription> subscription_;  // nullptr: nobody has asked yet
};

}  // namespace outrigger::xds
