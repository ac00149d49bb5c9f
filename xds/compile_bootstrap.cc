#include "xds/compile_bootstrap.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"

#include "envoy/extensions/bootstrap/internal_listener/v3/internal_listener.pb.h"

#include "xds/compile_application_log.h"
#include "xds/compile_cluster.h"
#include "xds/compile_listener.h"
#include "xds/compile_overload.h"
#include "xds/compile_server.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"
#include "xds/fields.h"
#include "xds/protocol/config_source_check.h"
#include "xds/tls_secrets.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using Message = envoy::config::bootstrap::v3::Bootstrap;
using Names = absl::flat_hash_set<std::string>;

void compile_clusters(const Message& message, CompileEnvironment& environment, Names& names,
                      config::Bootstrap& out, FieldErrors& errors) {
  const auto& clusters = message.static_resources().clusters();
  ClusterDefaults defaults = errors.take_nested("", compile_cluster_defaults(message));
  environment.resolver = defaults.resolver;
  out.clusters.reserve(static_cast<size_t>(clusters.size()));
  for (int i = 0; i < clusters.size(); ++i) {
    if (!names.insert(clusters.Get(i).name()).second) {
      errors.add(fmt::format("static_resources.clusters[{}].name", i),
                 fmt::format("duplicate cluster '{}'", clusters.Get(i).name()));
    }
    auto cluster = compile_cluster(clusters.Get(i), environment, defaults);
    if (cluster.ok()) {
      out.clusters.push_back(*std::move(cluster));
    } else {
      errors.add_nested(fmt::format("static_resources.clusters[{}]", i), cluster.status());
    }
  }
  const std::string& local = defaults.local_cluster_name;
  if (!local.empty() && !names.contains(local))
    errors.add("cluster_manager.local_cluster_name",
               fmt::format("there is no static cluster '{}'", local));
}

// Two listeners cannot take the same connections. A port of zero is another one each time.
class AddressBook {
 public:
  // The listener that has one of the addresses already, or nullptr.
  const std::string* add(const config::Listener& listener) {
    const std::string* other = nullptr;
    for (const config::Listener::ListenAddress& listen : listener.addresses) {
      if (const std::string* taken = add(listen.address, listener.name)) other = taken;
    }
    return other;
  }

 private:
  const std::string* add(const net::Address& address, const std::string& name) {
    if (address.is_ip() && address.port() == 0) return nullptr;
    auto [it, fresh] = owners_.try_emplace(address.text(), name);
    return fresh ? nullptr : &it->second;
  }
  absl::flat_hash_map<std::string, std::string> owners_;
};

void compile_listeners(const Message& message, CompileEnvironment& environment,
                       const Names& clusters, config::Bootstrap& out, FieldErrors& errors) {
  const auto& listeners = message.static_resources().listeners();
  ClusterExists exists = [&clusters](std::string_view name) {
    return clusters.contains(absl::string_view(name.data(), name.size()));
  };
  AddressBook addresses;
  Names names;
  for (int i = 0; i < listeners.size(); ++i) {
    std::string field = fmt::format("static_resources.listeners[{}]", i);
    const std::string& name = listeners.Get(i).name();
    if (!name.empty() && !names.insert(name).second)
      errors.add(field + ".name", fmt::format("duplicate listener '{}'", name));
    auto listener = compile_listener(listeners.Get(i), environment, exists);
    if (!listener.ok()) {
      errors.add_nested(field, listener.status());
      continue;
    }
    const std::string* other = (*listener)->bind_to_port ? addresses.add(**listener) : nullptr;
    if (other != nullptr) {
      errors.add(field + ".address",
                 fmt::format("listener '{}' has duplicate address '{}' as existing listener '{}'",
                             name, (*listener)->address().text(), *other));
    }
    out.listeners.push_back(*std::move(listener));
  }
}

// The bootstrap's secrets, where contexts look for them; without the process's place for secrets
// they are there for this compilation only.
class StaticSecrets {
 public:
  StaticSecrets(const Message& message, CompileEnvironment& environment)
      : environment_(environment), given_(environment.tls) {
    if (given_ == nullptr) environment_.tls = &own_;
    for (const auto& secret : message.static_resources().secrets())
      environment_.tls->set_static(secret);
  }
  ~StaticSecrets() { environment_.tls = given_; }
  StaticSecrets(const StaticSecrets&) = delete;
  StaticSecrets& operator=(const StaticSecrets&) = delete;

 private:
  CompileEnvironment& environment_;
  TlsSecrets* given_;
  TlsSecrets own_;
};

// Internal listeners need no switch here; every other extension of the bootstrap is refused, but
// for those that need not do anything.
void check_extensions(const Message& message, FieldErrors& errors) {
  using envoy::extensions::bootstrap::internal_listener::v3::InternalListener;
  for (int i = 0; i < message.bootstrap_extensions_size(); ++i) {
    const auto& extension = message.bootstrap_extensions(i);
    if (is_type(extension.typed_config(), InternalListener::descriptor()->full_name())) continue;
    if (find_no_effect(packed_type(extension.typed_config())) != nullptr) continue;
    errors.add(indexed("bootstrap_extensions", i) + ".typed_config",
               fmt::format("'{}' of type '{}' is not supported by Outrigger", extension.name(),
                           extension.typed_config().type_url()));
  }
}

// What is subscribed to later has to be refused now.
void check_config_sources(const Message& message, FieldErrors& errors) {
  const auto& dynamic = message.dynamic_resources();
  if (dynamic.has_ads_config())
    errors.add_nested("dynamic_resources.ads_config",
                      check_api_config_source(dynamic.ads_config()));
  if (dynamic.has_cds_config())
    errors.add_nested("dynamic_resources.cds_config", check_config_source(dynamic.cds_config()));
  if (dynamic.has_lds_config())
    errors.add_nested("dynamic_resources.lds_config", check_config_source(dynamic.lds_config()));
  const auto& layers = message.layered_runtime().layers();
  for (int i = 0; i < layers.size(); ++i) {
    if (!layers.Get(i).has_rtds_layer()) continue;
    errors.add_nested(fmt::format("layered_runtime.layers[{}].rtds_layer.rtds_config", i),
                      check_config_source(layers.Get(i).rtds_layer().rtds_config()));
  }
}

}  // namespace

absl::StatusOr<config::Bootstrap> compile_bootstrap(const Message& message,
                                                    const config::NodeIdentity& overrides,
                                                    CompileEnvironment& environment) {
  FieldErrors errors;
  config::Bootstrap out;
  out.node = compile_node(message.node(), overrides);
  environment.node = out.node;
  Names cluster_names;
  StaticSecrets secrets(message, environment);
  compile_clusters(message, environment, cluster_names, out, errors);
  compile_listeners(message, environment, cluster_names, out, errors);
  // Without an address there is no administration.
  if (message.has_admin() && message.admin().has_address()) {
    out.admin = errors.take_nested("admin", compile_admin(message.admin()));
  }
  out.stats = errors.take_nested("stats_config", compile_stats_config(message.stats_config()));
  out.dispatcher_stats = message.enable_dispatcher_stats();
  if (message.has_stats_flush_interval())
    out.stats_flush_interval = to_milliseconds(message.stats_flush_interval());
  if (!message.header_prefix().empty() && message.header_prefix() != out.header_prefix) {
    errors.add("header_prefix",
               fmt::format("only '{}' is supported by Outrigger", out.header_prefix));
  }
  out.outlier_event_log_path = message.cluster_manager().outlier_detection().event_log_path();
  check_extensions(message, errors);
  check_config_sources(message, errors);
  out.max_downstream_connections =
      errors.take_nested("overload_manager", compile_connection_limit(message.overload_manager()));
  out.log_pattern = errors.take_nested("application_log_config",
                                       compile_log_pattern(message.application_log_config()));
  out.runtime_layers =
      errors.take_nested("layered_runtime", compile_runtime(message.layered_runtime()));
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
