#include "xds/protocol/types.h"

namespace outrigger::xds {
namespace {

#define SERVICE(package, service, method) "/envoy.service." package ".v3." service "/" method

constexpr ResourceType kTypes[] = {
    {kListenerType, SERVICE("listener", "ListenerDiscoveryService", "StreamListeners"),
     SERVICE("listener", "ListenerDiscoveryService", "DeltaListeners"), true, "listener(s)"},
    {kClusterType, SERVICE("cluster", "ClusterDiscoveryService", "StreamClusters"),
     SERVICE("cluster", "ClusterDiscoveryService", "DeltaClusters"), true, "cluster(s)"},
    {kEndpointType, SERVICE("endpoint", "EndpointDiscoveryService", "StreamEndpoints"),
     SERVICE("endpoint", "EndpointDiscoveryService", "DeltaEndpoints"), false, "endpoints of"},
    {kRouteType, SERVICE("route", "RouteDiscoveryService", "StreamRoutes"),
     SERVICE("route", "RouteDiscoveryService", "DeltaRoutes"), false, "route(s)"},
    {kScopedRouteType, SERVICE("route", "ScopedRoutesDiscoveryService", "StreamScopedRoutes"),
     SERVICE("route", "ScopedRoutesDiscoveryService", "DeltaScopedRoutes"), false,
     "scoped route(s)"},
    {kVirtualHostType, "", SERVICE("route", "VirtualHostDiscoveryService", "DeltaVirtualHosts"),
     false, "virtual host(s)"},
    {kSecretType, SERVICE("secret", "SecretDiscoveryService", "StreamSecrets"),
     SERVICE("secret", "SecretDiscoveryService", "DeltaSecrets"), false, "secret(s)"},
    {kRuntimeType, SERVICE("runtime", "RuntimeDiscoveryService", "StreamRuntime"),
     SERVICE("runtime", "RuntimeDiscoveryService", "DeltaRuntime"), false, "runtime layer(s)"},
    {kExtensionConfigType,
     SERVICE("extension", "ExtensionConfigDiscoveryService", "StreamExtensionConfigs"),
     SERVICE("extension", "ExtensionConfigDiscoveryService", "DeltaExtensionConfigs"), false,
     "extension config(s)"},
};

}  // namespace

const ResourceType* find_resource_type(std::string_view type_url) {
  for (const ResourceType& type : kTypes) {
    if (type.type_url == type_url) return &type;
  }
  return nullptr;
}

}  // namespace outrigger::xds
