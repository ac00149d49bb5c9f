#include "fmt/format.h"

#include "api/stats_tls.h"
#include "xds/compile_cluster_parts.h"
#include "xds/compile_metadata.h"
#include "xds/compile_socket_options.h"
#include "xds/compile_transport_socket.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::config::cluster::v3::UpstreamConnectionOptions;
using envoy::config::core::v3::BindConfig;
using envoy::config::core::v3::SocketAddress;

void compile_keepalive(const envoy::config::core::v3::TcpKeepalive& from,
                       config::TcpKeepalive& out) {
  if (from.has_keepalive_probes()) out.probes = from.keepalive_probes().value();
  if (from.has_keepalive_time()) out.time_s = from.keepalive_time().value();
  if (from.has_keepalive_interval()) out.interval_s = from.keepalive_interval().value();
}

config::HappyEyeballs compile_happy_eyeballs(
    const UpstreamConnectionOptions::HappyEyeballsConfig& from) {
  config::HappyEyeballs out;
  if (from.first_address_family_version() == UpstreamConnectionOptions::V4)
    out.first = config::HappyEyeballs::First::v4;
  if (from.first_address_family_version() == UpstreamConnectionOptions::V6)
    out.first = config::HappyEyeballs::First::v6;
  if (from.has_first_address_family_count())
    out.first_count = from.first_address_family_count().value();
  return out;
}

net::Address compile_source(const SocketAddress& from, const std::string& field,
                            FieldErrors& errors) {
  envoy::config::core::v3::Address address;
  *address.mutable_socket_address() = from;
  auto out = compile_address(address);
  if (out.ok()) return *out;
  // "socket_address.address: ..." is the message itself here.
  std::string text(out.status().message());
  constexpr std::string_view kPrefix = "socket_address.";
  if (text.starts_with(kPrefix)) text.erase(0, kPrefix.size());
  errors.add_nested(field, absl::InvalidArgumentError(text));
  return {};
}

void compile_matches(const Cluster& cluster, CompileEnvironment& environment, config::Cluster& out,
                     FieldErrors& errors) {
  TlsStatPlace place = cluster_stats_place(out);
  auto stats = [&](std::string_view name) {
    std::string below = stat_name(name) + ".";
    return environment.stats.scope<TransportSocketMatchStats>(
        place.prefix + below, place.extracted_prefix + below, place.tags);
  };
  for (int i = 0; i < cluster.transport_socket_matches_size(); ++i) {
    const auto& from = cluster.transport_socket_matches(i);
    config::TransportSocketMatch match;
    match.criteria = compile_struct(from.match());
    match.socket =
        errors.take_nested(indexed("transport_socket_matches", i) + ".transport_socket",
                           compile_transport_socket(from.transport_socket(), place, environment));
    match.stats = stats(from.name());
    out.transport_socket_matches.push_back(std::move(match));
  }
  if (!out.transport_socket_matches.empty()) out.transport_socket_stats = stats("default");
}

}  // namespace

absl::StatusOr<config::UpstreamBind> compile_bind(const BindConfig& message) {
  FieldErrors errors;
  config::UpstreamBind out;
  if (message.has_source_address())
    out.source = compile_source(message.source_address(), "source_address", errors);
  out.freebind = message.freebind().value();
  out.socket_options =
      errors.take_nested("socket_options", compile_socket_options(message.socket_options()));
  if (message.extra_source_addresses_size() > 0 && message.additional_source_addresses_size() > 0)
    errors.add("", "extra_source_addresses and additional_source_addresses cannot be set together");
  for (int i = 0; i < message.extra_source_addresses_size(); ++i)
    out.extra_sources.push_back(compile_source(message.extra_source_addresses(i).address(),
                                               indexed("extra_source_addresses", i) + ".address",
                                               errors));
  for (int i = 0; i < message.additional_source_addresses_size(); ++i)
    out.extra_sources.push_back(compile_source(message.additional_source_addresses(i),
                                               indexed("additional_source_addresses", i), errors));
  if (out.extra_sources.size() > 1)
    errors.add("extra_source_addresses", "one more source address is supported, not several");
  if (!out.extra_sources.empty() && !out.source.valid())
    errors.add("extra_source_addresses", "needs source_address beside it");
  if (out.extra_sources.size() == 1 && out.source.valid() &&
      out.extra_sources[0].family() == out.source.family())
    errors.add("extra_source_addresses", "must be of another IP version than source_address");
  if (!errors.empty()) return errors.status();
  return out;
}

void compile_connection(const Cluster& cluster, const ClusterDefaults& defaults,
                        CompileEnvironment& environment, config::Cluster& out,
                        FieldErrors& errors) {
  if (cluster.has_connect_timeout())
    out.connect_timeout = to_milliseconds(cluster.connect_timeout());
  if (cluster.has_per_connection_buffer_limit_bytes())
    out.buffer_limit_bytes = cluster.per_connection_buffer_limit_bytes().value();
  const auto& options = cluster.upstream_connection_options();
  if (options.has_tcp_keepalive())
    compile_keepalive(options.tcp_keepalive(), out.tcp_keepalive.emplace());
  out.happy_eyeballs = compile_happy_eyeballs(options.happy_eyeballs_config());
  out.bind =
      cluster.has_upstream_bind_config()
          ? errors.take_nested("upstream_bind_config", compile_bind(cluster.upstream_bind_config()))
          : defaults.bind;
  environment.upstream_bind.share(out.bind);
  out.connection_pool_per_downstream_connection =
      cluster.connection_pool_per_downstream_connection();
  out.close_connections_on_host_health_failure = cluster.close_connections_on_host_health_failure();
  out.transport_socket = errors.take_nested(
      "transport_socket",
      compile_transport_socket(cluster.transport_socket(), cluster_stats_place(out), environment));
  if (out.transport_socket == nullptr)
    out.transport_socket = std::make_shared<config::TransportSocket>();
  compile_matches(cluster, environment, out, errors);
}

}  // namespace outrigger::xds
