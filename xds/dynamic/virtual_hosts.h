// VirtualHosts: the virtual hosts of one route table that come one by one (VHDS): those that the
// server has for the table, and each that a request asks for. Thread: main. Lifetime: its table's.
// Semantics: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/vhds
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include "api/stats_xds.h"
#include "xds/dynamic/route_manager.h"
#include "xds/protocol/subscription.h"

namespace outrigger::xds {

class VirtualHosts final : private SubscriptionHandler {
 public:
  using VirtualHost = envoy::config::route::v3::VirtualHost;
  using Hosts = std::map<std::string, VirtualHost>;  // by their resources' names
  using ConfigSource = envoy::config::core::v3::ConfigSource;
  // What clients name cannot grow without bound: beyond it nobody is asked.
  static constexpr size_t kMaxNames = 10'000;

  // `changed`: the table is to be made anew of `hosts`; an error: they cannot be used. `first`: the
  // first answer has come, or none is coming; not from inside start().
  VirtualHosts(RouteManagerParts& parts, std::string table, const std::string& stat_prefix,
               ConfigSource source, std::function<absl::Status(const Hosts&)> changed,
               std::function<void()> first);

  absl::Status start();
  bool answered() const { return first_ == nullptr; }
  const Hosts& hosts() const { return hosts_; }
  const ConfigSource& source() const { return source_; }
  // `done` is called when the server has said something about the host, or will not.
  void ask(const std::string& host, std::function<void()> done);
  // Nothing more is coming: whoever waits is told.
  void give_up();

 private:
  // SubscriptionHandler
  void on_update(std::shared_ptr<const ResourceUpdate> update, Done done) override;
  void on_fetch_timeout() override { give_up(); }

  void tell_names();
  absl::Status apply(const Resource& resource, Hosts& hosts);
  absl::Status put(Hosts hosts);
  void answered(const std::string& name);
  void had_first();

  RouteManagerParts& parts_;
  std::string table_;
  ConfigSource source_;
  std::function<absl::Status(const Hosts&)> changed_;
  std::function<void()> first_;  // nullptr: was called
  StatsScopePtr subscription_stats_, scope_;
  VhdsStats& stats_;
  std::unique_ptr<Subscription> subscription_;
  std::set<std::string> names_;  // of the hosts that requests asked for
  std::map<std::string, std::vector<std::function<void()>>> waiting_;
  Hosts hosts_;
};

}  // namespace outrigger::xds
