// Loads the routes to check: a RouteConfiguration as Envoy's router check tool takes it, or one out
// of a bootstrap or of a file of discovered resources; checked and compiled as the proxy does it.
// Thread: main. Lifetime of LoadedRoutes: the run's.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/route/v3/route.pb.h"
#include "envoy/type/v3/percent.pb.h"

#include "api/config/cluster_ref.h"
#include "api/config/route.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::ctl {

struct RouteSource {
  std::string path;
  std::string route_config;  // its name; empty: there is only one
  std::string listener;      // of a bootstrap: whose routes; empty: any
  // As Envoy's tool does: a fraction of nothing becomes the smallest there is, so that a test can
  // reach its route.
  bool raise_empty_fractions = false;
};

class LoadedRoutes {
 public:
  using Message = envoy::config::route::v3::RouteConfiguration;
  using Share = envoy::type::v3::FractionalPercent;

  const config::RouteTable& table() const { return *table_; }
  const Message& message() const { return message_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // The fraction as it was written, with its denominator; nullptr: it is no route's.
  const Share* share_of(const config::RuntimeFraction& fraction) const;
  // What a host or route of the table was compiled from.
  const envoy::config::route::v3::VirtualHost& message_of(const config::VirtualHost& host) const;
  // nullptr: the route is none of the host's list (it comes from a matcher).
  const envoy::config::route::v3::Route* message_of(const config::VirtualHost& host,
                                                    const config::Route& route) const;

 private:
  friend class RouteLoader;

  // Before what is compiled: filters' settings hold scopes of the one and slots of the other.
  observe::StatsStore stats_;
  config::ClusterSlots clusters_;
  Message message_;
  std::shared_ptr<const config::RouteTable> table_;
  std::unordered_map<const config::RuntimeFraction*, const Share*> shares_;
  std::vector<std::string> warnings_;
};

// Errors: all that is wrong, one line each, behind a line that says what the file was taken for.
absl::StatusOr<std::unique_ptr<LoadedRoutes>> load_routes(const RouteSource& source);

}  // namespace outrigger::ctl
