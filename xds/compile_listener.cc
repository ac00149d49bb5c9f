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

// listener.<address>.*; only an address is a tag, a configured prefix is part of the names.
class ListenerStatNames {
 public:
  ListenerStatNames(const Listener& listener, const net::Address& address)
      : tagged_(listener.stat_prefix().empty() && address.is_ip()),
        value_(
            stat_name(listener.stat_prefix().empty() ? address.text() : listener.stat_prefix())) {}

  // `below`: "" or "http.<tag's value>."; the tag without a name is none.
  template <class Stats>
  StatsScopePtr scope(const std::string& below, const StatTag& tag, StatsRegistry& stats) const {
    std::string prefix = fmt::format("listener.{}.", value_);
    std::string extracted_below = below;
    std::vector<StatTag> tags;
    if (tagged_) tags.push_back({"envoy.listener_address", value_});
    if (!tag.name.empty()) {
      tags.push_back(tag);
      extracted_below = below.substr(0, below.find('.') + 1);
    }
    std::string extracted = (tagged_ ? "listener." : prefix) + extracted_below;
    return stats.scope<Stats>(prefix + below, extracted, tags);
  }

 private:
  bool tagged_;
  std::string value_;
};

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

absl::StatusOr<std::shared_ptr<config::FilterChain>> compile_chain(
    const FilterChain& chain, const ListenerStatNames& names, CompileEnvironment& environment,
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
  if (out->http != nullptr) {
    std::string http = stat_name(out->http->stat_prefix);
    out->http_stats = names.scope<ListenerHttpStats>(
        fmt::format("http.{}.", http), {"envoy.http_conn_manager_prefix", http}, environment.stats);
  }
  return out;
}

void compile_chains(const Listener& listener, const ListenerStatNames& names,
                    CompileEnvironment& environment, const ClusterExists& cluster_exists,
                    config::Listener& out, FieldErrors& errors) {
  if (listener.filter_chains_size() == 0 && !listener.has_default_filter_chain()) {
    errors.add("filter_chains", "no filter chains specified");
  }
  for (int i = 0; i < listener.filter_chains_size(); ++i) {
    auto chain = errors.take_nested(
        indexed("filter_chains", i),
        compile_chain(listener.filter_chains(i), names, environment, cluster_exists));
    if (i > 0)
      errors.add(indexed("filter_chains", i),
                 "multiple filter chains with the same matching rules are defined");
    out.chains.push_back(std::move(chain));
  }
  if (!listener.has_default_filter_chain()) return;
  out.default_chain = errors.take_nested(
      "default_filter_chain",
      compile_chain(listener.default_filter_chain(), names, environment, cluster_exists));
}

void compile_addresses(const Listener& listener, config::Listener& out, FieldErrors& errors) {
  if (!listener.has_address()) {
    errors.add("address", "value is required");
    return;
  }
  auto add = [&](const std::string& field, const envoy::config::core::v3::Address& address) {
    config::Listener::ListenAddress& listen = out.addresses.emplace_back();
    listen.address = errors.take_nested(field, compile_address(address));
    listen.ipv4_compat = address.socket_address().ipv4_compat();
  };
  add("address", listener.address());
  for (int i = 0; i < listener.additional_addresses_size(); ++i) {
    add(indexed("additional_addresses", i) + ".address",
        listener.additional_addresses(i).address());
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
  ListenerStatNames names(listener, out->address());
  compile_chains(listener, names, environment, cluster_exists, *out, errors);
  if (!errors.empty()) return errors.status();
  out->stats = names.scope<ListenerStats>("", {}, environment.stats);
  return config::ListenerPtr(std::move(out));
}

}  // namespace outrigger::xds
