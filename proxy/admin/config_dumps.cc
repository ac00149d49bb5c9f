#include "proxy/admin/config_dumps.h"

#include <set>
#include <string>

#include "envoy/admin/v3/config_dump.pb.h"
#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "proxy/admin/dynamic_dumps.h"
#include "proxy/admin/endpoint_dumps.h"
#include "proxy/admin/json.h"
#include "proxy/admin/server_view.h"

namespace outrigger::admin {
namespace {

using HttpConnectionManagerProto =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using ListenerProto = envoy::config::listener::v3::Listener;

google::protobuf::Timestamp loaded_at(const ServerView& view) {
  return to_timestamp(view.bootstrap_loaded_at());
}

MessagePtr bootstrap_dump(const ServerView& view) {
  auto dump = std::make_shared<envoy::admin::v3::BootstrapConfigDump>();
  *dump->mutable_bootstrap() = view.bootstrap_proto();
  *dump->mutable_bootstrap()->mutable_static_resources() = view.static_resources();
  *dump->mutable_last_updated() = loaded_at(view);
  return dump;
}

MessagePtr clusters_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::ClustersConfigDump>();
  dump->set_version_info(view.resources(kClusterType).version);
  const auto statics = view.static_resources();
  for (const auto& cluster : statics.clusters()) {
    if (!filter.matches_whole(cluster.name())) continue;
    auto* entry = dump->add_static_clusters();
    entry->mutable_cluster()->PackFrom(cluster);
    *entry->mutable_last_updated() = loaded_at(view);
  }
  add_dynamic_clusters(view, filter, *dump);
  return dump;
}

MessagePtr endpoints_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::EndpointsConfigDump>();
  add_endpoints(view, filter, *dump);
  return dump;
}

MessagePtr listeners_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::ListenersConfigDump>();
  dump->set_version_info(view.resources(kListenerType).version);
  const auto statics = view.static_resources();
  for (const auto& listener : statics.listeners()) {
    if (!filter.matches_whole(listener.name())) continue;
    auto* entry = dump->add_static_listeners();
    entry->mutable_listener()->PackFrom(listener);
    *entry->mutable_last_updated() = loaded_at(view);
  }
  add_dynamic_listeners(view, filter, *dump);
  return dump;
}

// What is written inside of HTTP connection managers, wherever their listener comes from: route
// tables, and the names of sets of scopes.
class InlineRoutes {
 public:
  InlineRoutes(const ServerView& view, const NameFilter& filter) : view_(view), filter_(filter) {
    const auto statics = view.static_resources();
    for (const auto& listener : statics.listeners()) add(listener);
    for (const ListenerProto& listener : active_dynamic_listeners(view)) add(listener);
  }
  const std::shared_ptr<envoy::admin::v3::RoutesConfigDump>& tables() const { return tables_; }
  const std::shared_ptr<envoy::admin::v3::ScopedRoutesConfigDump>& scopes() const {
    return scopes_;
  }

 private:
  void add(const ListenerProto& listener) {
    for (const auto& chain : listener.filter_chains()) add(chain);
    if (listener.has_default_filter_chain()) add(listener.default_filter_chain());
  }
  void add(const envoy::config::listener::v3::FilterChain& chain) {
    for (const auto& filter : chain.filters()) {
      HttpConnectionManagerProto http;
      if (!filter.typed_config().Is<HttpConnectionManagerProto>() ||
          !filter.typed_config().UnpackTo(&http))
        continue;
      if (http.has_route_config()) add(http.route_config());
      if (http.has_scoped_routes()) add(http.scoped_routes());
    }
  }
  void add(const envoy::config::route::v3::RouteConfiguration& table) {
    if (!filter_.matches_whole(table.name())) return;
    auto* entry = tables_->add_static_route_configs();
    entry->mutable_route_config()->PackFrom(table);
    *entry->mutable_last_updated() = loaded_at(view_);
  }
  template <class ScopedRoutes>
  void add(const ScopedRoutes& scoped) {
    if (!scope_names_.insert(scoped.name()).second) return;
    if (scoped.has_scoped_rds()) {
      add_dynamic_scopes(view_, filter_, scoped.name(), *scopes_);
    } else if (filter_.matches_whole(scoped.name())) {
      auto* entry = scopes_->add_inline_scoped_route_configs();
      entry->set_name(scoped.name());
      for (const auto& scope :
           scoped.scoped_route_configurations_list().scoped_route_configurations())
        entry->add_scoped_route_configs()->PackFrom(scope);
      *entry->mutable_last_updated() = loaded_at(view_);
    }
  }

  const ServerView& view_;
  const NameFilter& filter_;
  std::set<std::string> scope_names_;
  std::shared_ptr<envoy::admin::v3::RoutesConfigDump> tables_ =
      std::make_shared<envoy::admin::v3::RoutesConfigDump>();
  std::shared_ptr<envoy::admin::v3::ScopedRoutesConfigDump> scopes_ =
      std::make_shared<envoy::admin::v3::ScopedRoutesConfigDump>();
};

MessagePtr secrets_dump(const ServerView& view, const NameFilter& filter) {
  auto dump = std::make_shared<envoy::admin::v3::SecretsConfigDump>();
  const auto statics = view.static_resources();
  for (const auto& secret : statics.secrets()) {
    if (!filter.matches_whole(secret.name())) continue;
    auto* entry = dump->add_static_secrets();
    entry->set_name(secret.name());
    entry->mutable_secret()->PackFrom(secret);
    *entry->mutable_last_updated() = loaded_at(view);
  }
  add_dynamic_secrets(view, filter, *dump);
  return dump;
}

}  // namespace

std::vector<MessagePtr> config_dumps(ServerView& view, const NameFilter& filter,
                                     bool include_endpoints) {
  std::vector<MessagePtr> dumps;
  dumps.push_back(bootstrap_dump(view));
  dumps.push_back(clusters_dump(view, filter));
  auto extensions = std::make_shared<envoy::admin::v3::EcdsConfigDump>();
  add_dynamic_extensions(view, filter, *extensions);
  if (extensions->ecds_filters_size() > 0) dumps.push_back(extensions);
  if (include_endpoints) dumps.push_back(endpoints_dump(view, filter));
  dumps.push_back(listeners_dump(view, filter));
  InlineRoutes routes(view, filter);
  add_dynamic_routes(view, filter, *routes.tables());
  dumps.push_back(routes.scopes());
  dumps.push_back(routes.tables());
  dumps.push_back(secrets_dump(view, filter));
  return dumps;
}

}  // namespace outrigger::admin
