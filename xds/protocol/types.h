// The resource types: what each is called, and how its own discovery service is. Thread: any;
// constant. Semantics: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
#pragma once

#include <string_view>

namespace outrigger::xds {

inline constexpr std::string_view kListenerType =
    "type.googleapis.com/envoy.config.listener.v3.Listener";
inline constexpr std::string_view kClusterType =
    "type.googleapis.com/envoy.config.cluster.v3.Cluster";
inline constexpr std::string_view kEndpointType =
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
inline constexpr std::string_view kRouteType =
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
inline constexpr std::string_view kScopedRouteType =
    "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
inline constexpr std::string_view kVirtualHostType =
    "type.googleapis.com/envoy.config.route.v3.VirtualHost";
inline constexpr std::string_view kSecretType =
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
inline constexpr std::string_view kRuntimeType =
    "type.googleapis.com/envoy.service.runtime.v3.Runtime";
inline constexpr std::string_view kExtensionConfigType =
    "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
// A resource with a name, a version or a TTL around it.
inline constexpr std::string_view kWrappedType =
    "type.googleapis.com/envoy.service.discovery.v3.Resource";

struct ResourceType {
  std::string_view type_url;
  std::string_view sotw_method;   // empty: there is none
  std::string_view delta_method;  // empty: there is none
  bool complete;                  // a SotW response lists all that there are
  std::string_view noun;          // in a NACK's text
};

// nullptr: not a type that a stream of its own can be asked for.
const ResourceType* find_resource_type(std::string_view type_url);
inline constexpr std::string_view kAdsSotwMethod =
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
inline constexpr std::string_view kAdsDeltaMethod =
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

}  // namespace outrigger::xds
