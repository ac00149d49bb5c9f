// Coverage: which routes the tests looked at, counted as Envoy's router check tool counts. Each
// cluster of a weighted route counts as a route of its own. Thread: main. Lifetime: the run's.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/tools/router_check#coverage
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/ctl/decision.h"
#include "tools/ctl/route_source.h"

namespace outrigger::ctl {

class Coverage {
 public:
  // What a test can say of a route. The first group counts for routes that forward, the second for
  // those that answer; `other` shows that a route was looked at, and no more.
  enum Field : uint8_t {
    cluster,
    virtual_cluster,
    virtual_host,
    path_rewrite,
    host_rewrite,
    redirect_path,
    redirect_code,
    other
  };

  explicit Coverage(const LoadedRoutes& routes) : routes_(routes) {}

  // An expectation was met. Without effect where no route was found.
  void mark(const Decision& decision, Field field);

  // Per cent of the routes of which something was looked at.
  double of_routes() const;
  // Per cent of all that could be looked at.
  double of_fields() const;
  // "virtual host, text of the route's match", and "virtual host, name of the route", of those that
  // no test looked at.
  struct Missing {
    std::string host;
    std::string match;
    std::string name;
  };
  std::vector<Missing> missing() const;

 private:
  struct Covered {
    const config::Route* route;  // nullptr: a host's redirect to TLS
    const config::WeightedCluster* weighted;
    std::string cluster;  // of a route whose cluster the request names
    bool answers;
    uint8_t fields;  // by Field

    double share() const;
  };

  size_t countable_routes() const;

  const LoadedRoutes& routes_;
  std::vector<Covered> covered_;
};

}  // namespace outrigger::ctl
