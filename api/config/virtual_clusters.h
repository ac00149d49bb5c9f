// VirtualClusters: what the requests of a virtual host are counted as, by conditions on their
// headers. Thread: any; immutable. Semantics: envoy.config.route.v3.VirtualCluster.
#pragma once

#include <string>
#include <vector>

#include "api/config/route_match.h"
#include "api/http/header_map.h"
#include "api/stats.h"

namespace outrigger::config {

struct VirtualClusters {
  struct Entry {
    std::string name;
    std::vector<HeaderMatch> headers;
    StatsScopePtr stats;  // RouteStats
  };
  std::vector<Entry> entries;
  StatsScopePtr other;  // of requests that are none of them

  // The first whose conditions all hold; nullptr: none.
  const Entry* find(const http::HeaderMap& headers) const;
};

}  // namespace outrigger::config
