#include "proxy/admin/endpoint_dumps.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"

#include "proxy/admin/dynamic_dumps.h"
#include "proxy/admin/json.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using envoy::config::endpoint::v3::ClusterLoadAssignment;
using envoy::config::endpoint::v3::LbEndpoint;

envoy::config::core::v3::HealthStatus health_of(const config::Endpoint& endpoint) {
  if (endpoint.health == config::Endpoint::Health::unhealthy)
    return envoy::config::core::v3::UNHEALTHY;
  if (endpoint.health == config::Endpoint::Health::degraded)
    return envoy::config::core::v3::DEGRADED;
  return envoy::config::core::v3::HEALTHY;
}

void put_endpoint(const config::Endpoint& endpoint, LbEndpoint& proto) {
  *proto.mutable_endpoint()->mutable_address() = to_proto(endpoint.address);
  proto.mutable_endpoint()->mutable_health_check_config();
  proto.mutable_endpoint()->set_hostname(endpoint.hostname);
  proto.set_health_status(health_of(endpoint));
  proto.mutable_load_balancing_weight()->set_value(endpoint.weight);
}

// By cluster: what the configuration says of endpoints. It has what is of no use but here
// (metadata).
using LoadedAssignments = std::unordered_map<std::string, ClusterLoadAssignment>;

template <class Message>
std::unordered_map<std::string, Message> active(const ServerView& view, std::string_view type) {
  std::unordered_map<std::string, Message> all;
  for (const ResourceStatus& resource : view.resources(type).resources) {
    Message message;
    if (resource.active && resource.active->read(message))
      all.emplace(std::string(resource.name), std::move(message));
  }
  return all;
}

void add_assignment(const envoy::config::cluster::v3::Cluster& cluster,
                    const LoadedAssignments& discovered, LoadedAssignments& loaded) {
  const auto& eds = cluster.eds_cluster_config();
  auto found = discovered.find(eds.service_name().empty() ? cluster.name() : eds.service_name());
  loaded.emplace(cluster.name(),
                 found == discovered.end() ? cluster.load_assignment() : found->second);
}

LoadedAssignments loaded_assignments(const ServerView& view) {
  LoadedAssignments discovered = active<ClusterLoadAssignment>(view, kEndpointType);
  LoadedAssignments loaded;
  const auto statics = view.static_resources();
  for (const auto& cluster : statics.clusters()) add_assignment(cluster, discovered, loaded);
  for (const auto& [name, cluster] :
       active<envoy::config::cluster::v3::Cluster>(view, kClusterType))
    add_assignment(cluster, discovered, loaded);
  return loaded;
}

// The loaded endpoint at the same place with the same address, or nullptr.
const LbEndpoint* loaded_endpoint(const ClusterLoadAssignment* loaded, int group, int place,
                                  const LbEndpoint& same_as) {
  if (loaded == nullptr || group >= loaded->endpoints_size()) return nullptr;
  const auto& endpoints = loaded->endpoints(group).lb_endpoints();
  if (place >= endpoints.size()) return nullptr;
  const auto& socket = endpoints[place].endpoint().address().socket_address();
  const auto& other = same_as.endpoint().address().socket_address();
  bool same = socket.address() == other.address() && socket.port_value() == other.port_value();
  return same ? &endpoints[place] : nullptr;
}

// The endpoints in force, which may have come later than the cluster's own configuration.
ClusterLoadAssignment assignment_of(const ClusterStatus& cluster,
                                    const ClusterLoadAssignment* loaded) {
  ClusterLoadAssignment proto;
  proto.set_cluster_name(cluster.config->ref.name);
  proto.mutable_policy()->mutable_overprovisioning_factor()->set_value(140);
  if (cluster.endpoints == nullptr) return proto;
  for (const config::LocalityEndpoints& group : cluster.endpoints->localities) {
    int group_index = proto.endpoints_size();
    auto& endpoints = *proto.add_endpoints();
    endpoints.mutable_locality()->set_region(group.locality.region);
    endpoints.mutable_locality()->set_zone(group.locality.zone);
    endpoints.mutable_locality()->set_sub_zone(group.locality.sub_zone);
    endpoints.set_priority(group.priority);
    endpoints.mutable_load_balancing_weight()->set_value(group.weight.value_or(0));
    for (const config::EndpointPtr& endpoint : group.endpoints) {
      int place = endpoints.lb_endpoints_size();
      LbEndpoint& entry = *endpoints.add_lb_endpoints();
      put_endpoint(*endpoint, entry);
      const LbEndpoint* as_loaded = loaded_endpoint(loaded, group_index, place, entry);
      if (as_loaded != nullptr && as_loaded->has_metadata())
        *entry.mutable_metadata() = as_loaded->metadata();
    }
  }
  return proto;
}

}  // namespace

void add_endpoints(const ServerView& view, const NameFilter& filter,
                   envoy::admin::v3::EndpointsConfigDump& dump) {
  LoadedAssignments loaded = loaded_assignments(view);
  for (const ClusterStatus& cluster : view.clusters()) {
    const std::string& name = cluster.config->ref.name;
    if (!filter.matches_whole(name)) continue;
    auto found = loaded.find(name);
    ClusterLoadAssignment assignment =
        assignment_of(cluster, found == loaded.end() ? nullptr : &found->second);
    if (cluster.added_via_api) {
      dump.add_dynamic_endpoint_configs()->mutable_endpoint_config()->PackFrom(assignment);
    } else {
      dump.add_static_endpoint_configs()->mutable_endpoint_config()->PackFrom(assignment);
    }
  }
}

}  // namespace outrigger::admin
