// HostDemand: asks a management server for the virtual host of a request whose route table has none
// (VHDS). It stands in the table's per-filter configuration under its own name. OnDemandFactory:
// the filter that makes requests wait for it, and for clusters; the stream itself knows what it
// does. Thread: any; immutable. Lifetime: shared.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "api/filter/cluster_demand.h"
#include "api/filter/http_filter.h"

namespace outrigger {

class HostDemand : public FilterRouteConfig {
 public:
  static constexpr std::string_view kName = "outrigger.host_demand";
  // `done` is called once, on the main thread: the table may have such a host now. Not called if
  // the table is not needed any more.
  virtual void ask(std::string host, std::function<void()> done) const = 0;
};

class OnDemandFactory final : public HttpFilterFactory {
 public:
  explicit OnDemandFactory(OnDemandClusters clusters = {}) : clusters_(std::move(clusters)) {}

  ArenaPtr<HttpFilter> create(Arena& arena) const override {
    return ArenaPtr<HttpFilter>(arena.make<HttpFilter>());
  }
  const OnDemandClusters& clusters() const { return clusters_; }

 private:
  OnDemandClusters clusters_;
};

// A route's own; it takes the place of the filter's.
class OnDemandRouteConfig final : public FilterRouteConfig {
 public:
  explicit OnDemandRouteConfig(OnDemandClusters clusters) : clusters_(std::move(clusters)) {}
  const OnDemandClusters& clusters() const { return clusters_; }

 private:
  OnDemandClusters clusters_;
};

}  // namespace outrigger
