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

// In Envoy's order.
std::string health_flags(Endpoint::Health health, const HostHealth* state) {
  uint32_t flags = state == nullptr ? 0 : state->flags();
  std::string out;
  auto put = [&](bool set, std::string_view name) {
    if (set) out += name;
  };
  put((flags & HealthFlag::kFailedActiveCheck) != 0, "/failed_active_hc");
  put((flags & HealthFlag::kFailedOutlierCheck) != 0, "/failed_outlier_check");
  put(health == Endpoint::Health::unhealthy, "/failed_eds_health");
  put((flags & HealthFlag::kDegradedByActiveCheck) != 0, "/degraded_active_hc");
  put(health == Endpoint::Health::degraded, "/degraded_eds_health");
  put((flags & HealthFlag::kPendingRemoval) != 0, "/pending_dynamic_removal");
  put((flags & HealthFlag::kPendingActiveCheck) != 0, "/pending_active_hc");
  put((flags & HealthFlag::kExcludedByAnswer) != 0, "/excluded_via_immediate_hc_fail");
  put((flags & HealthFlag::kActiveCheckTimeout) != 0, "/active_hc_timeout");
  return out.empty() ? "healthy" : out;
}

void put_health(const HostHealth& state, envoy::admin::v3::HostStatus& host) {
  auto& proto = *host.mutable_health_status();
  proto.set_failed_active_health_check(state.has(HealthFlag::kFailedActiveCheck));
  proto.set_failed_outlier_check(state.has(HealthFlag::kFailedOutlierCheck));
  proto.set_failed_active_degraded_check(state.has(HealthFlag::kDegradedByActiveCheck));
  proto.set_pending_dynamic_removal(state.has(HealthFlag::kPendingRemoval));
  proto.set_pending_active_hc(state.has(HealthFlag::kPendingActiveCheck));
  proto.set_excluded_via_immediate_hc_fail(state.has(HealthFlag::kExcludedByAnswer));
  proto.set_active_hc_timeout(state.has(HealthFlag::kActiveCheckTimeout));
  if (double rate = state.success_rate; rate >= 0) host.mutable_success_rate()->set_value(rate);
  if (double rate = state.local_origin_success_rate; rate >= 0)
    host.mutable_local_origin_success_rate()->set_value(rate);
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
  size_t place = 0;
  for (const LocalityEndpoints& locality : cluster.endpoints->localities) {
    for (const config::EndpointPtr& endpoint : locality.endpoints) {
      const HostHealth* state =
          place < cluster.health.size() ? cluster.health[place].get() : nullptr;
      ++place;
      visit(locality, *endpoint, state);
    }
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
                      const Endpoint& endpoint, const HostHealth* state, std::string& out) {
  std::string start = fmt::format("{}::{}::", name, endpoint.address.text());
  auto put = [&](std::string_view what, const auto& value) {
    fmt::format_to(std::back_inserter(out), "{}{}::{}\n", start, what, value);
  };
  std::vector<HostStat> stats = host_stats(endpoint);
  std::sort(stats.begin(), stats.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const HostStat& stat : stats) put(stat.name, stat.value);
  put("hostname", endpoint.hostname);
  put("health_flags", health_flags(endpoint.health, state));
  put("weight", endpoint.weight);
  put("region", group.locality.region);
  put("zone", group.locality.zone);
  put("sub_zone", group.locality.sub_zone);
  put("canary", endpoint.canary);
  put("priority", group.priority);
  // Below 0: outlier detection has not measured any.
  put("success_rate", state == nullptr ? -1.0 : state->success_rate.load());
  put("local_origin_success_rate",
      state == nullptr ? -1.0 : state->local_origin_success_rate.load());
}

void cluster_as_text(const ClusterStatus& status, std::string& out) {
  const config::Cluster& cluster = *status.config;
  const std::string& name = cluster.ref.name;
  out += fmt::format("{}::observability_name::{}\n", name, observability_name(cluster));
  limits_as_text(name, "default", cluster.circuit_breakers[0], out);
  limits_as_text(name, "high", cluster.circuit_breakers[1], out);
  out += fmt::format("{}::added_via_api::{}\n", name, status.added_via_api);
  for_each_endpoint(status, [&](const LocalityEndpoints& group, const Endpoint& endpoint,
                                const HostHealth* state) {
    endpoint_as_text(name, group, endpoint, state, out);
  });
}

void put_limits(const CircuitBreaker& limits,
                envoy::config::cluster::v3::CircuitBreakers::Thresholds& proto) {
  proto.mutable_max_connections()->set_value(limits.max_connections);
  proto.mutable_max_pending_requests()->set_value(limits.max_pending_requests);
  proto.mutable_max_requests()->set_value(limits.max_requests);
  proto.mutable_max_retries()->set_value(limits.max_retries);
}

void put_endpoint(const LocalityEndpoints& group, const Endpoint& endpoint, const HostHealth* state,
                  envoy::admin::v3::HostStatus& host) {
  *host.mutable_address() = to_proto(endpoint.address);
  for (const HostStat& stat : host_stats(endpoint)) {
    auto* metric = host.add_stats();
    metric->set_name(std::string(stat.name));
    metric->set_value(stat.value);
    if (stat.gauge) metric->set_type(envoy::admin::v3::SimpleMetric::GAUGE);
  }
  host.mutable_health_status()->set_eds_health_status(eds_status(endpoint.health));
  if (state != nullptr) put_health(*state, host);
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
  for_each_endpoint(status, [&](const LocalityEndpoints& group, const Endpoint& endpoint,
                                const HostHealth* state) {
    put_endpoint(group, endpoint, state, *proto.add_host_statuses());
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
