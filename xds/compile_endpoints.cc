#include <limits>
#include <memory>
#include <utility>

#include "fmt/format.h"

#include "api/stats_cluster.h"
#include "xds/compile_cluster.h"
#include "xds/compile_cluster_parts.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::Address;
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

// An address that connections can go to: also a listener of this process.
absl::StatusOr<net::Address> compile_target(const Address& address) {
  if (!address.has_envoy_internal_address()) return compile_address(address);
  const auto& internal = address.envoy_internal_address();
  FieldErrors errors;
  auto out = net::Address::from_internal(internal.server_listener_name(), internal.endpoint_id());
  if (out) return *out;
  errors.add("envoy_internal_address", "its names are too long");
  return errors.status();
}

std::vector<net::Address> compile_additional(const envoy::config::endpoint::v3::Endpoint& endpoint,
                                             const net::Address& first, FieldErrors& errors) {
  std::vector<net::Address> out;
  for (int i = 0; i < endpoint.additional_addresses_size(); ++i) {
    std::string field = "endpoint." + indexed("additional_addresses", i) + ".address";
    auto address = compile_address(endpoint.additional_addresses(i).address());
    if (!address.ok()) {
      errors.add_nested(field, address.status());
    } else if (!address->is_ip() || !first.is_ip()) {
      errors.add(field, "only IP addresses can stand for each other");
    } else {
      out.push_back(*address);
    }
  }
  return out;
}

bool is_canary(const Metadata& metadata) {
  static const std::string kKey[] = {"canary"};
  const MetadataValue* value = metadata.find("envoy.lb", kKey);
  const bool* canary = value == nullptr ? nullptr : std::get_if<bool>(&value->get());
  return canary != nullptr && *canary;
}

// Everything but the address.
std::shared_ptr<config::Endpoint> compile_rest(const LbEndpoint& endpoint) {
  auto out = std::make_shared<config::Endpoint>();
  out->hostname = endpoint.endpoint().hostname();
  out->metadata = compile_metadata(endpoint.metadata());
  out->canary = is_canary(out->metadata);
  if (endpoint.has_load_balancing_weight()) out->weight = endpoint.load_balancing_weight().value();
  out->health = compile_health(endpoint.health_status());
  out->status = static_cast<uint8_t>(endpoint.health_status());
  return out;
}

absl::StatusOr<config::EndpointPtr> compile_endpoint(const LbEndpoint& endpoint) {
  FieldErrors errors;
  if (!endpoint.has_endpoint()) {
    errors.add("endpoint", "value is required");
    return errors.status();
  }
  auto out = compile_rest(endpoint);
  out->address =
      errors.take_nested("endpoint.address", compile_target(endpoint.endpoint().address()));
  out->health_check = compile_endpoint_check(endpoint.endpoint(), errors);
  out->additional_addresses = compile_additional(endpoint.endpoint(), out->address, errors);
  out->stats = std::make_shared<StatsScope>("", "", std::vector<StatTag>(), HostStats::layout());
  if (!errors.empty()) return errors.status();
  return config::EndpointPtr(std::move(out));
}

absl::StatusOr<config::DnsResolution::Target> compile_target_name(const LbEndpoint& endpoint) {
  FieldErrors errors;
  config::DnsResolution::Target out;
  const auto& address = endpoint.endpoint().address();
  if (!address.has_socket_address())
    errors.add("endpoint.address", "a cluster that asks DNS needs a socket_address");
  const auto& socket = address.socket_address();
  if (socket.protocol() != envoy::config::core::v3::SocketAddress::TCP)
    errors.add("endpoint.address.socket_address.protocol", "UDP is not supported by Outrigger");
  if (endpoint.endpoint().additional_addresses_size() > 0)
    errors.add("endpoint.additional_addresses", "DNS has all addresses of the endpoint");
  out.name = socket.address();
  out.port = static_cast<uint16_t>(socket.port_value());
  auto rest = compile_rest(endpoint);
  rest->health_check = compile_endpoint_check(endpoint.endpoint(), errors);
  out.endpoint = std::move(rest);
  if (!errors.empty()) return errors.status();
  return out;
}

config::LocalityEndpoints compile_place(const LocalityLbEndpoints& locality) {
  config::LocalityEndpoints out;
  out.locality = {locality.locality().region(), locality.locality().zone(),
                  locality.locality().sub_zone()};
  out.priority = locality.priority();
  if (locality.has_load_balancing_weight()) out.weight = locality.load_balancing_weight().value();
  return out;
}

absl::StatusOr<config::LocalityEndpoints> compile_locality(const LocalityLbEndpoints& locality) {
  FieldErrors errors;
  config::LocalityEndpoints out = compile_place(locality);
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

// Envoy knows one category.
std::shared_ptr<const config::DropOverload> compile_drops(
    const ClusterLoadAssignment::Policy& policy, FieldErrors& errors) {
  if (policy.drop_overloads_size() == 0) return nullptr;
  if (policy.drop_overloads_size() > 1) {
    errors.add("policy.drop_overloads",
               fmt::format("has {} categories: there can be one", policy.drop_overloads_size()));
    return nullptr;
  }
  auto out = std::make_shared<config::DropOverload>();
  out->category = policy.drop_overloads(0).category();
  out->per_million = per_million(policy.drop_overloads(0).drop_percentage());
  return out->per_million == 0 ? nullptr : out;
}

// Of an EndpointSet, or of what one is made from.
template <class Out>
void compile_policy(const ClusterLoadAssignment& assignment, Out& out, FieldErrors& errors) {
  if (assignment.policy().has_overprovisioning_factor())
    out.overprovisioning_percent = assignment.policy().overprovisioning_factor().value();
  out.drop_overload = compile_drops(assignment.policy(), errors);
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
  compile_policy(assignment, *out, errors);
  if (!errors.empty()) return errors.status();
  return std::shared_ptr<const config::EndpointSet>(std::move(out));
}

absl::Status compile_dns_targets(const ClusterLoadAssignment& assignment,
                                 config::DnsResolution& out) {
  FieldErrors errors;
  for (int i = 0; i < assignment.endpoints_size(); ++i) {
    const LocalityLbEndpoints& locality = assignment.endpoints(i);
    out.localities.push_back(compile_place(locality));
    for (int j = 0; j < locality.lb_endpoints_size(); ++j) {
      auto target = compile_target_name(locality.lb_endpoints(j));
      if (!target.ok()) {
        errors.add_nested(indexed("endpoints", i) + "." + indexed("lb_endpoints", j),
                          target.status());
        continue;
      }
      target->locality = static_cast<size_t>(i);
      out.targets.push_back(*std::move(target));
    }
  }
  compile_policy(assignment, out, errors);
  return errors.status();
}

}  // namespace outrigger::xds
