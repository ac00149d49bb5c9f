// Clusters for tests, as the compiler of configuration would make them, with statistics of their
// own that no store knows.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/config/cluster.h"
#include "api/stats_cluster.h"

namespace outrigger::test {

template <class T>
StatsScopePtr scope(std::string_view prefix) {
  return std::make_shared<StatsScope>(prefix, prefix, std::vector<StatTag>{}, T::layout());
}

inline config::EndpointPtr endpoint(
    uint16_t port, uint32_t weight = 1,
    config::Endpoint::Health health = config::Endpoint::Health::healthy) {
  auto made = std::make_shared<config::Endpoint>();
  made->address = *net::Address::from_ip("10.0.0.1", port);
  made->weight = weight;
  made->health = health;
  made->stats = scope<HostStats>("");
  return made;
}

// One locality for each priority, in order.
inline std::shared_ptr<config::Cluster> cluster(
    std::vector<std::vector<config::EndpointPtr>> priorities) {
  auto made = std::make_shared<config::Cluster>();
  made->ref = {"backend", 0};
  made->transport_socket = std::make_shared<config::TransportSocket>();
  auto endpoints = std::make_shared<config::EndpointSet>();
  for (auto& hosts : priorities) {
    config::LocalityEndpoints locality;
    locality.priority = static_cast<uint32_t>(endpoints->localities.size());
    locality.endpoints = std::move(hosts);
    endpoints->localities.push_back(std::move(locality));
  }
  made->endpoints = std::move(endpoints);
  made->stats = scope<ClusterStats>("cluster.backend.");
  made->response_stats = scope<ClusterResponseStats>("cluster.backend.");
  made->http1_stats = scope<http::Http1Stats>("cluster.backend.http1.");
  made->http2_stats = scope<http::Http2Stats>("cluster.backend.http2.");
  made->breaker_stats = scope<ClusterBreakerStats>("cluster.backend.circuit_breakers.");
  return made;
}

}  // namespace outrigger::test
