#include "xds/dynamic/cluster_identity.h"

#include <xxhash.h>

#include <string>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

// Maps have no order of their own.
std::string deterministic(const google::protobuf::Message& message) {
  std::string octets;
  {
    google::protobuf::io::StringOutputStream stream(&octets);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializeWithCachedSizes(&out);
  }
  return octets;
}

}  // namespace

uint64_t connection_identity(const envoy::config::cluster::v3::Cluster& message) {
  using envoy::config::cluster::v3::Cluster;
  // Its hosts are made as requests name them.
  if (message.type() == Cluster::ORIGINAL_DST && !message.has_cluster_type()) return 0;
  Cluster rest = message;
  rest.clear_lb_policy();
  rest.clear_load_balancing_policy();
  rest.clear_lb_config();
  rest.clear_lb_subset_config();
  rest.clear_common_lb_config();
  rest.clear_circuit_breakers();
  rest.clear_outlier_detection();
  rest.clear_health_checks();
  rest.clear_metadata();
  rest.clear_load_assignment();
  rest.clear_eds_cluster_config();
  rest.clear_dns_refresh_rate();
  rest.clear_dns_failure_refresh_rate();
  rest.clear_dns_jitter();
  rest.clear_respect_dns_ttl();
  rest.clear_dns_lookup_family();
  rest.clear_dns_resolvers();
  rest.clear_use_tcp_for_dns_lookups();
  rest.clear_dns_resolution_config();
  rest.clear_typed_dns_resolver_config();
  rest.clear_cleanup_interval();
  // How new connections are made, and what is counted: one that is open has that behind it.
  rest.clear_connect_timeout();
  rest.clear_preconnect_policy();
  rest.clear_close_connections_on_host_health_failure();
  rest.clear_ignore_health_on_host_removal();
  rest.clear_wait_for_warm_on_init();
  rest.clear_track_timeout_budgets();
  rest.clear_track_cluster_stats();
  rest.ByteSizeLong();
  std::string octets = deterministic(rest);
  uint64_t hash = XXH3_64bits(octets.data(), octets.size());
  return hash == 0 ? 1 : hash;
}

void continue_cluster(const config::Cluster& before, config::Cluster& now) {
  for (size_t i = 0; i < now.circuit_breakers.size(); ++i)
    now.circuit_breakers[i].usage = before.circuit_breakers[i].usage;
  if (now.connection_identity == 0 || now.connection_identity != before.connection_identity) return;
  now.transport_socket = before.transport_socket;
  for (size_t i = 0; i < now.transport_socket_matches.size(); ++i)
    now.transport_socket_matches[i].socket = before.transport_socket_matches[i].socket;
}

}  // namespace outrigger::xds
