#include <limits>
#include <memory>

#include "fmt/format.h"

#include "api/stats_cluster.h"
#include "xds/compile_cluster.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::HealthStatus;
using envoy::config::endpoint::v3::ClusterLoadAssignment;
using envoy::config::endpoint::v3::LbEndpoint;
using envoy::config::endpoint::v3::LocalityLbEndpoints;

config::Endpoint::Health compile_health(HealthStatus status) {
  switch (status) {
    case envoy::config::core::v3::UNHEALTHY:
    case envoy::config::core::v3::DRAINING:
    case envoy::config::core::v3::TIMEOUT:
      return config::Endpoint::Health::unhealthy;
    case envoy::config::core::v3::DEGRADED:
      return config::Endpoint::Health::degraded;
    default:
      return config::Endpoint::Health::healthy;
  }
}

absl::StatusOr<config::EndpointPtr> compile_endpoint(const LbEndpoint& endpoint) {
  FieldErrors errors;
  auto out = std::make_shared<config::Endpoint>();
  if (!endpoint.has_endpoint()) {
    errors.add("endpoint", "value is required");
    return errors.status();
  }
  out->address =
      errors.take_nested("endpoint.address", compile_address(endpoint.endpoint().address()));
  out->hostname = endpoint.endpoint().hostname();
  if (endpoint.has_load_balancing_weight()) out->weight = endpoint.load_balancing_weight().value();
  out->health = compile_health(endpoint.health_status());
  out->stats = std::make_shared<StatsScope>("", "", std::vector<StatTag>(), HostStats::layout());
  if (!errors.empty()) return errors.status();
  return config::EndpointPtr(std::move(out));
}

absl::StatusOr<config::LocalityEndpoints> compile_locality(const LocalityLbEndpoints& locality) {
  FieldErrors errors;
  config::LocalityEndpoints out;
  out.locality = {locality.locality().region(), locality.locality().zone(),
                  locality.locality().sub_zone()};
  out.priority = locality.priority();
  if (locality.has_load_balancing_weight()) out.weight = locality.load_balancing_weight().value();
  uint64_t total = 0;
  out.endpoints.reserve(static_cast<size_t>(locality.lb_endpoints_size()));
  for (int i = 0; i < locality.lb_endpoints_size(); ++i) {
    auto endpoint = compile_endpoint(locality.lb_endpoints(i));
    if (!endpoint.ok()) {
      errors.add_nested(indexed("lb_endpoints", i), endpoint.status());
      continue;
    }
    total += (*endpoint)->weight;
    out.endpoints.push_back(*std::move(endpoint));
  }
  constexpr uint64_t kMaxWeight = std::numeric_limits<uint32_t>::max();
  if (total > kMaxWeight)
    errors.add("lb_endpoints", fmt::format("the sum of weights is above {}", kMaxWeight));
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const config::EndpointSet>> compile_endpoints(
    const ClusterLoadAssignment& assignment) {
  FieldErrors errors;
  auto out = std::make_shared<config::EndpointSet>();
  out->localities.reserve(static_cast<size_t>(assignment.endpoints_size()));
  for (int i = 0; i < assignment.endpoints_size(); ++i) {
    auto locality = compile_locality(assignment.endpoints(i));
    if (locality.ok()) {
      out->localities.push_back(*std::move(locality));
    } else {
      errors.add_nested(indexed("endpoints", i), locality.status());
    }
  }
  if (!errors.empty()) return errors.status();
  return std::shared_ptr<const config::EndpointSet>(std::move(out));
}

}  // namespace outrigger::xds
