#include "proxy/admin/dynamic_dumps.h"

#include <algorithm>
#include <string>

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/extension.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

#include "proxy/admin/json.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using google::protobuf::Any;

// As Envoy names the version of a secret that has not come yet.
constexpr std::string_view kUninitialized = "uninitialized";

// Calls `visit(resource)` for those of the type that the filter lets through.
template <class Visit>
void for_each_resource(const ServerView& view, std::string_view type, const NameFilter& filter,
                       Visit visit) {
  ResourceTypeStatus all = view.resources(type);
  for (const ResourceStatus& resource : all.resources) {
    if (filter.matches_whole(resource.name)) visit(resource);
  }
}

template <class Entry>
void put_version(const ResourceVersion& version, Entry& entry) {
  entry.set_version_info(std::string(version.version));
  *entry.mutable_last_updated() = to_timestamp(version.at);
}

template <class Entry>
void put_failure(const ResourceStatus& resource, Entry& entry) {
  if (!resource.rejected) return;
  auto& failure = *entry.mutable_error_state();
  *failure.mutable_failed_configuration() = resource.rejected->any();
  *failure.mutable_last_update_attempt() = to_timestamp(resource.rejected->at);
  failure.set_details(std::string(resource.rejected_because));
  failure.set_version_info(std::string(resource.rejected->version));
  entry.set_client_status(envoy::admin::v3::NACKED);
}

template <class Message>
void put_name_only(std::string_view name, Any& any) {
  Message message;
  message.set_name(std::string(name));
  any.PackFrom(message);
}

}  // namespace

void add_dynamic_clusters(const ServerView& view, const NameFilter& filter,
                          envoy::admin::v3::ClustersConfigDump& dump) {
  for_each_resource(view, kClusterType, filter, [&](const ResourceStatus& resource) {
    if (resource.active) {
      auto& entry = *dump.add_dynamic_active_clusters();
      put_version(*resource.active, entry);
      *entry.mutable_cluster() = resource.active->any();
      put_failure(resource, entry);
    }
    if (resource.warming) {
      auto& entry = *dump.add_dynamic_warming_clusters();
      put_version(*resource.warming, entry);
      *entry.mutable_cluster() = resource.warming->any();
      if (!resource.active) put_failure(resource, entry);
    }
    if (!resource.active && !resource.warming && resource.rejected) {
      auto& entry = *dump.add_dynamic_warming_clusters();
      put_name_only<envoy::config::cluster::v3::Cluster>(resource.name, *entry.mutable_cluster());
      put_failure(resource, entry);
    }
  });
}

void add_dynamic_listeners(const ServerView& view, const NameFilter& filter,
                           envoy::admin::v3::ListenersConfigDump& dump) {
  auto put_state = [](const ResourceVersion& version, auto& state) {
    put_version(version, state);
    *state.mutable_listener() = version.any();
  };
  for_each_resource(view, kListenerType, filter, [&](const ResourceStatus& resource) {
    if (!resource.active && !resource.warming && !resource.draining && !resource.rejected) return;
    auto& entry = *dump.add_dynamic_listeners();
    entry.set_name(std::string(resource.name));
    if (resource.active) put_state(*resource.active, *entry.mutable_active_state());
    if (resource.warming) put_state(*resource.warming, *entry.mutable_warming_state());
    if (resource.draining) put_state(*resource.draining, *entry.mutable_draining_state());
    put_failure(resource, entry);
  });
}

void add_dynamic_routes(const ServerView& view, const NameFilter& filter,
                        envoy::admin::v3::RoutesConfigDump& dump) {
  for_each_resource(view, kRouteType, filter, [&](const ResourceStatus& resource) {
    if (!resource.active && !resource.rejected) return;
    auto& entry = *dump.add_dynamic_route_configs();
    if (resource.active) {
      put_version(*resource.active, entry);
      *entry.mutable_route_config() = resource.active->any();
    } else {
      put_name_only<envoy::config::route::v3::RouteConfiguration>(resource.name,
                                                                  *entry.mutable_route_config());
    }
    put_failure(resource, entry);
  });
}

void add_dynamic_secrets(const ServerView& view, const NameFilter& filter,
                         envoy::admin::v3::SecretsConfigDump& dump) {
  for_each_resource(view, kSecretType, filter, [&](const ResourceStatus& resource) {
    auto& entry =
        *(resource.active ? dump.add_dynamic_active_secrets() : dump.add_dynamic_warming_secrets());
    entry.set_name(std::string(resource.name));
    const auto& version = resource.active ? resource.active : resource.warming;
    if (version) {
      put_version(*version, entry);
      *entry.mutable_secret() = version->any();
    } else {
      entry.set_version_info(std::string(kUninitialized));
      put_name_only<envoy::extensions::transport_sockets::tls::v3::Secret>(resource.name,
                                                                           *entry.mutable_secret());
    }
    put_failure(resource, entry);
  });
}

void add_dynamic_extensions(const ServerView& view, const NameFilter& filter,
                            envoy::admin::v3::EcdsConfigDump& dump) {
  for_each_resource(view, kExtensionType, filter, [&](const ResourceStatus& resource) {
    if (!resource.active && !resource.rejected) return;
    auto& entry = *dump.add_ecds_filters();
    if (resource.active) {
      put_version(*resource.active, entry);
      *entry.mutable_ecds_filter() = resource.active->any();
    } else {
      put_name_only<envoy::config::core::v3::TypedExtensionConfig>(resource.name,
                                                                   *entry.mutable_ecds_filter());
    }
    put_failure(resource, entry);
  });
}

void add_dynamic_scopes(const ServerView& view, const NameFilter& filter, const std::string& name,
                        envoy::admin::v3::ScopedRoutesConfigDump& dump) {
  ResourceTypeStatus all = view.resources(kScopedRouteType);
  if (all.resources.empty() || !filter.matches_whole(name)) return;
  auto& entry = *dump.add_dynamic_scoped_route_configs();
  entry.set_name(name);
  entry.set_version_info(all.version);
  std::chrono::system_clock::time_point last;
  for (const ResourceStatus& resource : all.resources) {
    put_failure(resource, entry);
    if (!resource.active) continue;
    *entry.add_scoped_route_configs() = resource.active->any();
    last = std::max(last, resource.active->at);
  }
  *entry.mutable_last_updated() = to_timestamp(last);
}

std::vector<envoy::config::listener::v3::Listener> active_dynamic_listeners(
    const ServerView& view) {
  std::vector<envoy::config::listener::v3::Listener> listeners;
  for (const ResourceStatus& resource : view.resources(kListenerType).resources) {
    envoy::config::listener::v3::Listener listener;
    if (resource.active && resource.active->read(listener))
      listeners.push_back(std::move(listener));
  }
  return listeners;
}

}  // namespace outrigger::admin
