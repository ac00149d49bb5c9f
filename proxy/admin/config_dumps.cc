#include "proxy/admin/config_dumps.h"

#include <string_view>
#include <unordered_map>

#include "envoy/admin/v3/config_dump.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using envoy::config::endpoint::v3::ClusterLoadAssignment;
using envoy::config::endpoint::v3::LbEndpoint;
using HttpConnectionManagerProto =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

google::protobuf::Timestamp loaded_at(const ServerView& view) {
  return to_timestamp(view.bootstrap_loaded_at());
}

MessagePtr bootstrap_dump(const ServerView& view) {
  auto dump = std::make_shared<envoy::admin::v3::BootstrapConfigDump>();
  *dump->mutable_bootstrap() = view.bootstrap_proto();
  *dump->mutable_last_updated() = loaded_at(view);
  return dump;
}

MessagePtr clusters_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::ClustersConfigDump>();
  for (const auto& cluster : view.bootstrap_proto().static_resources().clusters()) {
    if (!filter.matches_whole(cluster.name())) continue;
    auto* entry = dump->add_static_clusters();
    entry->mutable_cluster()->PackFrom(cluster);
    *entry->mutable_last_updated() = loaded_at(view);
  }
  return dump;
}

MessagePtr listeners_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::ListenersConfigDump>();
  for (const auto& listener : view.bootstrap_proto().static_resources().listeners()) {
    if (!filter.matches_whole(listener.name())) continue;
    auto* entry = dump->add_static_listeners();
    entry->mutable_listener()->PackFrom(listener);
    *entry->mutable_last_updated() = loaded_at(view);
  }
  return dump;
}

// The route tables that are written inside of HTTP connection managers.
class StaticRoutes {
 public:
  StaticRoutes(const ServerView& view, const NameFilter& filter) : view_(view), filter_(filter) {
    for (const auto& listener : view.bootstrap_proto().static_resources().listeners()) {
      for (const auto& chain : listener.filter_chains()) add(chain);
      if (listener.has_default_filter_chain()) add(listener.default_filter_chain());
    }
  }
  MessagePtr dump() { return dump_; }

 private:
  void add(const envoy::config::listener::v3::FilterChain& chain) {
    for (const auto& filter : chain.filters()) {
      HttpConnectionManagerProto http;
      if (!filter.typed_config().Is<HttpConnectionManagerProto>() ||
          !filter.typed_config().UnpackTo(&http) || !http.has_route_config() ||
          !filter_.matches_whole(http.route_config().name())) {
        continue;
      }
      auto* entry = dump_->add_static_route_configs();
      entry->mutable_route_config()->PackFrom(http.route_config());
      *entry->mutable_last_updated() = loaded_at(view_);
    }
  }

  const ServerView& view_;
  const NameFilter& filter_;
  std::shared_ptr<envoy::admin::v3::RoutesConfigDump> dump_ =
      std::make_shared<envoy::admin::v3::RoutesConfigDump>();
};

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

using LoadedAssignments = std::unordered_map<std::string_view, const ClusterLoadAssignment*>;

// By cluster: what the bootstrap says of endpoints. It has what is of no use but here (metadata).
LoadedAssignments loaded_assignments(const ServerView& view) {
  LoadedAssignments loaded;
  for (const auto& cluster : view.bootstrap_proto().static_resources().clusters()) {
    loaded[cluster.name()] = &cluster.load_assignment();
  }
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

MessagePtr endpoints_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::EndpointsConfigDump>();
  LoadedAssignments loaded = loaded_assignments(view);
  for (const ClusterStatus& cluster : view.clusters()) {
    const std::string& name = cluster.config->ref.name;
    if (!filter.matches_whole(name)) continue;
    auto found = loaded.find(name);
    ClusterLoadAssignment assignment =
        assignment_of(cluster, found == loaded.end() ? nullptr : found->second);
    if (cluster.added_via_api) {
      dump->add_dynamic_endpoint_configs()->mutable_endpoint_config()->PackFrom(assignment);
    } else {
      dump->add_static_endpoint_configs()->mutable_endpoint_config()->PackFrom(assignment);
    }
  }
  return dump;
}

}  // namespace

std::vector<MessagePtr> config_dumps(ServerView& view, const NameFilter& filter,
                                     bool include_endpoints) {
  std::vector<MessagePtr> dumps;
  dumps.push_back(bootstrap_dump(view));
  dumps.push_back(clusters_dump(view, filter));
  if (include_endpoints) dumps.push_back(endpoints_dump(view, filter));
  dumps.push_back(listeners_dump(view, filter));
  dumps.push_back(std::make_shared<envoy::admin::v3::ScopedRoutesConfigDump>());
  dumps.push_back(StaticRoutes(view, filter).dump());
  dumps.push_back(std::make_shared<envoy::admin::v3::SecretsConfigDump>());
  return dumps;
}

}  // namespace outrigger::admin
