#include "xds/compile_listener.h"

#include "fmt/format.h"

#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"

#include "api/stats_server.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::listener::v3::Filter;
using envoy::config::listener::v3::FilterChain;
using envoy::config::listener::v3::Listener;
using HttpManagerMessage =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;

// The HTTP connection manager ends a chain and is the only network filter that we have.
absl::StatusOr<std::shared_ptr<const config::HttpConnectionManager>> compile_network_filter(
    const Filter& filter, CompileEnvironment& environment, const ClusterExists& cluster_exists) {
  FieldErrors errors;
  HttpManagerMessage message;
  const auto& any = filter.typed_config();
  if (!is_type(any, HttpManagerMessage::descriptor()->full_name()) || !any.UnpackTo(&message)) {
    errors.add("typed_config",
               fmt::format("network filter '{}' of type '{}' is not supported by Outrigger",
                           filter.name(), any.type_url()));
    return errors.status();
  }
  auto manager = compile_http_connection_manager(message, environment, cluster_exists);
  if (manager.ok()) return manager;
  errors.add_nested("typed_config", manager.status());
  return errors.status();
}

absl::StatusOr<std::shared_ptr<const config::FilterChain>> compile_chain(
    const FilterChain& chain, CompileEnvironment& environment,
    const ClusterExists& cluster_exists) {
  FieldErrors errors;
  auto out = std::make_shared<config::FilterChain>();
  out->name = chain.name();
  if (chain.filters().empty()) errors.add("filters", "the chain has no filter");
  for (int i = 0; i < chain.filters_size(); ++i) {
    auto manager = compile_network_filter(chain.filters(i), environment, cluster_exists);
    bool last = i + 1 == chain.filters_size();
    if (!manager.ok()) {
      errors.add_nested(indexed("filters", i), manager.status());
    } else if (!last) {
      errors.add(indexed("filters", i),
                 fmt::format("terminal filter '{}' must be the last filter of the chain",
                             chain.filters(i).name()));
    } else {
      out->http = *std::move(manager);
    }
  }
  if (chain.has_transport_socket() &&
      !is_type(chain.transport_socket().typed_config(), RawBuffer::descriptor()->full_name())) {
    errors.add("transport_socket",
               fmt::format("'{}' is not supported by Outrigger", chain.transport_socket().name()));
  }
  if (!errors.empty()) return errors.status();
  return std::shared_ptr<const config::FilterChain>(std::move(out));
}

void compile_chains(const Listener& listener, CompileEnvironment& environment,
                    const ClusterExists& cluster_exists, config::Listener& out,
                    FieldErrors& errors) {
  if (listener.filter_chains_size() == 0 && !listener.has_default_filter_chain()) {
    errors.add("filter_chains", "no filter chains specified");
  }
  for (int i = 0; i < listener.filter_chains_size(); ++i) {
    auto chain =
        errors.take_nested(indexed("filter_chains", i),
                           compile_chain(listener.filter_chains(i), environment, cluster_exists));
    if (i > 0)
      errors.add(indexed("filter_chains", i),
                 "multiple filter chains with the same matching rules are defined");
    if (out.default_chain == nullptr) out.default_chain = std::move(chain);
  }
  if (!listener.has_default_filter_chain()) return;
  auto chain = errors.take_nested(
      "default_filter_chain",
      compile_chain(listener.default_filter_chain(), environment, cluster_exists));
  // A chain without criteria matches every connection before the default is asked.
  if (listener.filter_chains_size() == 0) out.default_chain = std::move(chain);
}

void compile_addresses(const Listener& listener, config::Listener& out, FieldErrors& errors) {
  if (!listener.has_address()) {
    errors.add("address", "value is required");
    return;
  }
  out.address = errors.take_nested("address", compile_address(listener.address()));
  out.ipv4_compat = listener.address().socket_address().ipv4_compat();
  for (int i = 0; i < listener.additional_addresses_size(); ++i) {
    out.additional_addresses.push_back(
        errors.take_nested(indexed("additional_addresses", i) + ".address",
                           compile_address(listener.additional_addresses(i).address())));
  }
}

void compile_socket(const Listener& listener, config::Listener& out) {
  if (listener.has_per_connection_buffer_limit_bytes())
    out.buffer_limit_bytes = listener.per_connection_buffer_limit_bytes().value();
  if (listener.has_tcp_backlog_size()) out.backlog = listener.tcp_backlog_size().value();
  if (listener.has_enable_reuse_port()) out.reuse_port = listener.enable_reuse_port().value();
  if (listener.has_bind_to_port()) out.bind_to_port = listener.bind_to_port().value();
  out.transparent = listener.transparent().value();
  out.freebind = listener.freebind().value();
  out.max_connections_per_event = listener.max_connections_to_accept_per_socket_event().value();
  out.ignore_global_connection_limit = listener.ignore_global_conn_limit();
}

void compile_kind(const Listener& listener, config::Listener& out) {
  if (listener.drain_type() == Listener::MODIFY_ONLY)
    out.drain = config::Listener::Drain::modify_only;
  if (listener.traffic_direction() == envoy::config::core::v3::INBOUND)
    out.direction = config::Listener::Direction::inbound;
  if (listener.traffic_direction() == envoy::config::core::v3::OUTBOUND)
    out.direction = config::Listener::Direction::outbound;
}

void make_stats(const Listener& message, config::Listener& out, StatsRegistry& stats) {
  // Only an address is a tag; a configured prefix is part of the names.
  bool tagged = message.stat_prefix().empty() && out.address.is_ip();
  std::string value =
      stat_name(message.stat_prefix().empty() ? out.address.text() : message.stat_prefix());
  std::string prefix = fmt::format("listener.{}.", value);
  std::string extracted = tagged ? "listener." : prefix;
  std::vector<StatTag> tags;
  if (tagged) tags.push_back({"envoy.listener_address", value});
  out.stats = stats.scope<ListenerStats>(prefix, extracted, tags);
  std::string http = stat_name(out.default_chain->http->stat_prefix);
  tags.push_back({"envoy.http_conn_manager_prefix", http});
  out.http_stats = stats.scope<ListenerHttpStats>(fmt::format("{}http.{}.", prefix, http),
                                                  extracted + "http.", tags);
}

}  // namespace

absl::StatusOr<config::ListenerPtr> compile_listener(const Listener& listener,
                                                     CompileEnvironment& environment,
                                                     const ClusterExists& cluster_exists) {
  FieldErrors errors;
  auto out = std::make_shared<config::Listener>();
  out->name = listener.name();
  compile_addresses(listener, *out, errors);
  compile_socket(listener, *out);
  compile_kind(listener, *out);
  compile_chains(listener, environment, cluster_exists, *out, errors);
  if (!errors.empty()) return errors.status();
  make_stats(listener, *out, environment.stats);
  return config::ListenerPtr(std::move(out));
}

}  // namespace outrigger::xds
