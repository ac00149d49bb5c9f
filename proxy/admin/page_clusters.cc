// /clusters: limits and endpoints of each cluster. Answered in pieces of some clusters each, as
// there may be ten thousand.
#include <algorithm>
#include <memory>

#include "fmt/format.h"

#include "envoy/admin/v3/clusters.pb.h"

#include "proxy/admin/host_stats.h"
#include "proxy/admin/json.h"
#include "proxy/admin/json_pieces.h"
#include "proxy/admin/name_filter.h"
#include "proxy/admin/pages_all.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using config::CircuitBreaker;
using config::Endpoint;
using config::LocalityEndpoints;
using Clusters = std::shared_ptr<std::vector<ClusterStatus>>;

// About a millisecond's work.
constexpr size_t kClustersAPiece = 50;

const std::string& observability_name(const config::Cluster& cluster) {
  return cluster.alt_stat_name.empty() ? cluster.ref.name : cluster.alt_stat_name;
}

std::string_view health_flags(Endpoint::Health health) {
  switch (health) {
    case Endpoint::Health::healthy:
      return "healthy";
    case Endpoint::Health::unhealthy:
      return "/failed_eds_health";
    case Endpoint::Health::degraded:
      return "/degraded_eds_health";
  }
  return "healthy";
}

envoy::config::core::v3::HealthStatus eds_status(Endpoint::Health health) {
  switch (health) {
    case Endpoint::Health::healthy:
      return envoy::config::core::v3::HEALTHY;
    case Endpoint::Health::unhealthy:
      return envoy::config::core::v3::UNHEALTHY;
    case Endpoint::Health::degraded:
      return envoy::config::core::v3::DEGRADED;
  }
  return envoy::config::core::v3::HEALTHY;
}

template <class Visit>
void for_each_endpoint(const ClusterStatus& cluster, Visit visit) {
  if (cluster.endpoints == nullptr) return;
  for (const LocalityEndpoints& locality : cluster.endpoints->localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) visit(locality, *endpoint);
  }
}

void limits_as_text(const std::string& name, std::string_view priority,
                    const CircuitBreaker& limits, std::string& out) {
  auto put = [&](std::string_view what, uint32_t value) {
    fmt::format_to(std::back_inserter(out), "{}::{}_priority::{}::{}\n", name, priority, what,
                   value);
  };
  put("max_connections", limits.max_connections);
  put("max_pending_requests", limits.max_pending_requests);
  put("max_requests", limits.max_requests);
  put("max_retries", limits.max_retries);
}

void endpoint_as_text(const std::string& name, const LocalityEndpoints& group,
                      const Endpoint& endpoint, std::string& out) {
  std::string start = fmt::format("{}::{}::", name, endpoint.address.text());
  auto put = [&](std::string_view what, const auto& value) {
    fmt::format_to(std::back_inserter(out), "{}{}::{}\n", start, what, value);
  };
  std::vector<HostStat> stats = host_stats(endpoint);
  std::sort(stats.begin(), stats.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const HostStat& stat : stats) put(stat.name, stat.value);
  put("hostname", endpoint.hostname);
  put("health_flags", health_flags(endpoint.health));
  put("weight", endpoint.weight);
  put("region", group.locality.region);
  put("zone", group.locality.zone);
  put("sub_zone", group.locality.sub_zone);
  put("canary", false);
  put("priority", group.priority);
  put("success_rate", -1);  // outlier detection has not measured any
  put("local_origin_success_rate", -1);
}

void cluster_as_text(const ClusterStatus& status, std::string& out) {
  const config::Cluster& cluster = *status.config;
  const std::string& name = cluster.ref.name;
  out += fmt::format("{}::observability_name::{}\n", name, observability_name(cluster));
  limits_as_text(name, "default", cluster.circuit_breakers[0], out);
  limits_as_text(name, "high", cluster.circuit_breakers[1], out);
  out += fmt::format("{}::added_via_api::{}\n", name, status.added_via_api);
  for_each_endpoint(status, [&](const LocalityEndpoints& group, const Endpoint& endpoint) {
    endpoint_as_text(name, group, endpoint, out);
  });
}

void put_limits(const CircuitBreaker& limits,
                envoy::config::cluster::v3::CircuitBreakers::Thresholds& proto) {
  proto.mutable_max_connections()->set_value(limits.max_connections);
  proto.mutable_max_pending_requests()->set_value(limits.max_pending_requests);
  proto.mutable_max_requests()->set_value(limits.max_requests);
  proto.mutable_max_retries()->set_value(limits.max_retries);
}

void put_endpoint(const LocalityEndpoints& group, const Endpoint& endpoint,
                  envoy::admin::v3::HostStatus& host) {
  *host.mutable_address() = to_proto(endpoint.address);
  for (const HostStat& stat : host_stats(endpoint)) {
    auto* metric = host.add_stats();
    metric->set_name(std::string(stat.name));
    metric->set_value(stat.value);
    if (stat.gauge) metric->set_type(envoy::admin::v3::SimpleMetric::GAUGE);
  }
  host.mutable_health_status()->set_eds_health_status(eds_status(endpoint.health));
  host.set_weight(endpoint.weight);
  host.set_hostname(endpoint.hostname);
  host.set_priority(group.priority);
  host.mutable_locality()->set_region(group.locality.region);
  host.mutable_locality()->set_zone(group.locality.zone);
  host.mutable_locality()->set_sub_zone(group.locality.sub_zone);
}

void put_cluster(const ClusterStatus& status, envoy::admin::v3::ClusterStatus& proto) {
  const config::Cluster& cluster = *status.config;
  proto.set_name(cluster.ref.name);
  proto.set_observability_name(observability_name(cluster));
  proto.set_added_via_api(status.added_via_api);
  auto& breakers = *proto.mutable_circuit_breakers();
  put_limits(cluster.circuit_breakers[0], *breakers.add_thresholds());
  put_limits(cluster.circuit_breakers[1], *breakers.add_thresholds());
  breakers.mutable_thresholds(1)->set_priority(envoy::config::core::v3::HIGH);
  for_each_endpoint(status, [&](const LocalityEndpoints& group, const Endpoint& endpoint) {
    put_endpoint(group, endpoint, *proto.add_host_statuses());
  });
}

BodySource text_pieces(Clusters clusters) {
  return [clusters, at = size_t{0}](std::string& out) mutable {
    size_t end = std::min(at + kClustersAPiece, clusters->size());
    for (; at < end; ++at) cluster_as_text((*clusters)[at], out);
    return at < clusters->size();
  };
}

BodySource json_pieces(Clusters clusters) {
  return [clusters, at = size_t{0}](std::string& out) mutable {
    size_t end = std::min(at + kClustersAPiece, clusters->size());
    envoy::admin::v3::Clusters piece;
    bool first = at == 0;
    for (; at < end; ++at) put_cluster((*clusters)[at], *piece.add_cluster_statuses());
    return append_list_piece(to_json(piece), {first, at == clusters->size()}, out);
  };
}

}  // namespace

Response clusters_page(const Request& request, ServerView& view) {
  NameFilter filter(request.params.get("filter").value_or(""));
  if (!filter.ok()) return Response::text(400, "Invalid re2 regex");
  auto clusters = std::make_shared<std::vector<ClusterStatus>>();
  for (ClusterStatus& cluster : view.clusters()) {
    if (filter.finds(cluster.config->ref.name)) clusters->push_back(std::move(cluster));
  }
  bool json = request.params.get("format") == "json";
  Response response;
  response.content_type = json ? kJson : kText;
  response.rest = json ? json_pieces(clusters) : text_pieces(clusters);
  return response;
}

}  // namespace outrigger::admin
