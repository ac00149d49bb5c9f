// The part of /config_dump that management servers and files fill: what is in force, what warms or
// drains, and beside it what was rejected and why. Thread: main.
#pragma once

#include <string_view>
#include <vector>

#include "envoy/admin/v3/config_dump.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "proxy/admin/name_filter.h"

namespace outrigger::admin {

class ServerView;

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
inline constexpr std::string_view kSecretType =
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
inline constexpr std::string_view kExtensionType =
    "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";

// Names that the filter does not match as a whole are left out. A resource of which every version
// was rejected stands where readers expect a body with a body that has its name only.
void add_dynamic_clusters(const ServerView& view, const NameFilter& filter,
                          envoy::admin::v3::ClustersConfigDump& dump);
void add_dynamic_listeners(const ServerView& view, const NameFilter& filter,
                           envoy::admin::v3::ListenersConfigDump& dump);
void add_dynamic_routes(const ServerView& view, const NameFilter& filter,
                        envoy::admin::v3::RoutesConfigDump& dump);
void add_dynamic_secrets(const ServerView& view, const NameFilter& filter,
                         envoy::admin::v3::SecretsConfigDump& dump);
void add_dynamic_extensions(const ServerView& view, const NameFilter& filter,
                            envoy::admin::v3::EcdsConfigDump& dump);
// `name`: of the set of scopes that an HTTP connection manager refers to.
void add_dynamic_scopes(const ServerView& view, const NameFilter& filter, const std::string& name,
                        envoy::admin::v3::ScopedRoutesConfigDump& dump);

// The listeners that management servers sent and that are in force.
std::vector<envoy::config::listener::v3::Listener> active_dynamic_listeners(const ServerView& view);

}  // namespace outrigger::admin
