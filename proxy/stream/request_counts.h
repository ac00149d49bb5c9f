// RequestCounts: what a request and its responses are counted as besides their cluster's own
// statistics: the virtual cluster, the route, and below the cluster's name canaries, zones, and the
// name that a trusted client gives. Most requests have none of them. Thread: the stream's worker.
// Lifetime: its Router's. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#statistics
// https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats#dynamic-http-statistics
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/header_map.h"
#include "api/stats_route.h"
#include "proxy/upstream/worker_cluster.h"

namespace outrigger::stream {

struct WorkerServices;

class RequestCounts {
 public:
  // Before the request's headers change. Takes x-envoy-upstream-alt-stat-name off them; its value
  // lives in `arena`.
  void begin(const config::VirtualHost& host, const config::Route& route, http::HeaderMap& headers,
             const WorkerServices& services, Arena& arena);

  void count(Counter RouteStats::*counter) {
    for (RouteStats* stats : of_route_) {
      if (stats != nullptr) (stats->*counter).inc();
    }
  }

  struct Response {
    upstream::WorkerCluster& cluster;
    const upstream::Host* host;      // nullptr: none answered
    const http::HeaderMap* headers;  // nullptr: it has none
    bool internal;                   // the request's origin
    int code;
    std::optional<uint64_t> took_ms = {};  // absent: not measured
  };
  void count(const Response& response) const;

 private:
  void count_below(std::string_view below, const Response& response) const;
  void count_zone(std::string_view below, const Response& response) const;

  std::array<RouteStats*, 2> of_route_{};  // of the virtual cluster, of the route
  std::string_view alternative_;           // "name."; empty: none
  const WorkerServices* services_ = nullptr;
  Arena* arena_ = nullptr;
};

}  // namespace outrigger::stream
