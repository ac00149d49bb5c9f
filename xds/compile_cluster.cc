#include "xds/compile_cluster.h"

#include <array>
#include <utility>

#include "fmt/format.h"

#include "api/stats_cluster.h"
#include "xds/compile_attempt_filters.h"
#include "xds/compile_cluster_parts.h"
#include "xds/compile_metadata.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::bootstrap::v3::Bootstrap;
using envoy::config::cluster::v3::CircuitBreakers;
using envoy::config::cluster::v3::Cluster;

void compile_thresholds(const CircuitBreakers::Thresholds& from, config::CircuitBreaker& out) {
  if (from.has_max_connections()) out.max_connections = from.max_connections().value();
  if (from.has_max_pending_requests())
    out.max_pending_requests = from.max_pending_requests().value();
  if (from.has_max_requests()) out.max_requests = from.max_requests().value();
  if (from.has_max_retries()) out.max_retries = from.max_retries().value();
  if (from.has_retry_budget()) {
    config::RetryBudget budget;
    if (from.retry_budget().has_budget_percent())
      budget.percent = from.retry_budget().budget_percent().value();
    if (from.retry_budget().has_min_retry_concurrency())
      budget.min_concurrency = from.retry_budget().min_retry_concurrency().value();
    out.retry_budget = budget;
  }
  if (from.has_max_connection_pools())
    out.max_connection_pools = from.max_connection_pools().value();
}

size_t place_of(const CircuitBreakers::Thresholds& thresholds) {
  return thresholds.priority() == envoy::config::core::v3::HIGH ? 1 : 0;
}

// Only connections can be limited by endpoint, as in Envoy.
bool limits_more_than_connections(const CircuitBreakers::Thresholds& of_host) {
  return of_host.has_max_pending_requests() || of_host.has_max_requests() ||
         of_host.has_max_retries() || of_host.has_max_connection_pools() ||
         of_host.has_retry_budget() || of_host.track_remaining();
}

void compile_host_thresholds(const CircuitBreakers& breakers, config::Cluster& out,
                             FieldErrors& errors) {
  bool seen[2] = {false, false};
  for (int i = 0; i < breakers.per_host_thresholds_size(); ++i) {
    const CircuitBreakers::Thresholds& of_host = breakers.per_host_thresholds(i);
    if (limits_more_than_connections(of_host))
      errors.add("circuit_breakers." + indexed("per_host_thresholds", i),
                 "only max_connections can be limited by host");
    size_t place = place_of(of_host);
    if (std::exchange(seen[place], true) || !of_host.has_max_connections()) continue;
    out.circuit_breakers[place].max_connections_per_host = of_host.max_connections().value();
  }
}

// Of several thresholds of one priority the first counts, as in Envoy. Returns for which
// of the two the gauges remaining_* are kept.
std::array<bool, 2> compile_circuit_breakers(const CircuitBreakers& breakers, config::Cluster& out,
                                             FieldErrors& errors) {
  bool seen[2] = {false, false};
  std::array<bool, 2> remaining{};
  for (const auto& thresholds : breakers.thresholds()) {
    size_t place = place_of(thresholds);
    if (std::exchange(seen[place], true)) continue;
    compile_thresholds(thresholds, out.circuit_breakers[place]);
    remaining[place] = thresholds.track_remaining();
  }
  compile_host_thresholds(breakers, out, errors);
  return remaining;
}

// Only the TLS handshake tells which protocol the endpoint speaks.
void check_alpn(const Cluster& cluster, const config::Cluster& out, FieldErrors& errors) {
  if (out.http->version != config::UpstreamHttp::Version::alpn) return;
  auto check = [&](const config::TransportSocketPtr& socket, const std::string& field) {
    if (socket != nullptr && socket->tls == nullptr)
      errors.add(field, "auto_config needs a transport socket with ALPN: tls");
  };
  check(out.transport_socket, "transport_socket");
  for (int i = 0; i < cluster.transport_socket_matches_size(); ++i)
    check(out.transport_socket_matches[static_cast<size_t>(i)].socket,
          indexed("transport_socket_matches", i));
}

void make_stats(config::Cluster& out, StatsRegistry& stats) {
  TlsStatPlace place = cluster_stats_place(out);
  auto scope = [&]<class Stats>(std::string_view below) {
    return stats.scope<Stats>(fmt::format("{}{}", place.prefix, below),
                              fmt::format("{}{}", place.extracted_prefix, below), place.tags);
  };
  out.stats = scope.operator()<ClusterStats>("");
  bool discovered = out.discovery == config::Cluster::Discovery::eds;
  out.config_stats =
      stats.scope(place.prefix, place.extracted_prefix, place.tags,
                  discovered ? discovered_cluster_layout() : ClusterConfigStats::layout());
  out.response_stats = scope.operator()<ClusterResponseStats>("");
  out.breaker_stats = scope.operator()<ClusterBreakerStats>("circuit_breakers.");
  if (!out.health_checks.empty())
    out.health_check_stats = scope.operator()<HealthCheckStats>("health_check.");
  if (out.balancer == config::Cluster::Balancer::ring_hash)
    out.hashing_stats = scope.operator()<RingHashStats>("ring_hash_lb.");
  if (out.balancer == config::Cluster::Balancer::maglev)
    out.hashing_stats = scope.operator()<MaglevStats>("maglev_lb.");
  if (out.outlier_detection != nullptr)
    out.outlier_stats = scope.operator()<OutlierStats>("outlier_detection.");
  // Ten thousand clusters speak one version each.
  using Version = config::UpstreamHttp::Version;
  if (out.http->version != Version::http2)
    out.http1_stats = scope.operator()<http::Http1Stats>("http1.");
  if (out.http->version != Version::http1)
    out.http2_stats = scope.operator()<http::Http2Stats>("http2.");
}

void make_measures(const Cluster& cluster, config::Cluster& out, StatsRegistry& stats) {
  TlsStatPlace place = cluster_stats_place(out);
  const auto& wanted = cluster.track_cluster_stats();
  if (wanted.timeout_budgets() || cluster.track_timeout_budgets())
    out.timeout_budget_stats =
        stats.scope<TimeoutBudgetStats>(place.prefix, place.extracted_prefix, place.tags);
  if (wanted.request_response_sizes())
    out.message_size_stats =
        stats.scope<MessageSizeStats>(place.prefix, place.extracted_prefix, place.tags);
}

// For whom the gauges remaining_* of a priority's circuit breaker are kept.
void make_remaining_stats(const std::array<bool, 2>& wanted, config::Cluster& out,
                          StatsRegistry& stats) {
  TlsStatPlace place = cluster_stats_place(out);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    std::string_view below = i == 0 ? "circuit_breakers.default." : "circuit_breakers.high.";
    out.circuit_breakers[i].remaining_stats = stats.scope<CircuitBreakerRemainingStats>(
        fmt::format("{}{}", place.prefix, below),
        fmt::format("{}{}", place.extracted_prefix, below), place.tags);
  }
}

}  // namespace

TlsStatPlace cluster_stats_place(const config::Cluster& cluster) {
  std::string name =
      stat_name(cluster.alt_stat_name.empty() ? cluster.ref.name : cluster.alt_stat_name);
  return {fmt::format("cluster.{}.", name), "cluster.", {{"envoy.cluster_name", name}}};
}

absl::StatusOr<ClusterDefaults> compile_cluster_defaults(const Bootstrap& bootstrap) {
  FieldErrors errors;
  ClusterDefaults out;
  out.local_cluster_name = bootstrap.cluster_manager().local_cluster_name();
  if (bootstrap.cluster_manager().has_upstream_bind_config())
    out.bind = errors.take_nested("cluster_manager.upstream_bind_config",
                                  compile_bind(bootstrap.cluster_manager().upstream_bind_config()));
  if (bootstrap.has_typed_dns_resolver_config()) {
    out.resolver = errors.take_nested("typed_dns_resolver_config",
                                      compile_dns_resolver(bootstrap.typed_dns_resolver_config()));
  } else if (bootstrap.has_dns_resolution_config()) {
    out.resolver = errors.take_nested("dns_resolution_config",
                                      compile_dns_resolver(bootstrap.dns_resolution_config()));
  } else {
    out.resolver.use_tcp = bootstrap.use_tcp_for_dns_lookups();
  }
  if (!errors.empty()) return errors.status();
  return out;
}

absl::StatusOr<std::shared_ptr<config::Cluster>> compile_cluster(const Cluster& cluster,
                                                                 CompileEnvironment& environment,
                                                                 const ClusterDefaults& defaults) {
  FieldErrors errors;
  auto out = std::make_shared<config::Cluster>();
  out->ref = environment.clusters.ref(cluster.name());
  out->alt_stat_name = cluster.alt_stat_name();
  compile_discovery(cluster, defaults, environment, *out, errors);
  // The endpoints of a kind that is not supported would only mislead.
  if (!errors.empty()) return errors.status();
  compile_connection(cluster, defaults, environment, *out, errors);
  // An aggregate's balancers are those of its clusters.
  if (out->discovery != config::Cluster::Discovery::aggregate)
    compile_balancer(cluster, defaults, environment, *out, errors);
  std::array<bool, 2> remaining =
      compile_circuit_breakers(cluster.circuit_breakers(), *out, errors);
  if (cluster.common_lb_config().has_healthy_panic_threshold()) {
    out->panic_threshold = cluster.common_lb_config().healthy_panic_threshold().value();
  }
  compile_outlier_detection(cluster, *out, errors);
  compile_health_checks(cluster, *out, errors);
  compile_upstream_filters(cluster, environment, *out, errors);
  compile_http_policies(cluster, environment, *out, errors);
  out->metadata = compile_metadata(cluster.metadata());
  if (cluster.preconnect_policy().has_per_upstream_preconnect_ratio())
    out->preconnect_ratio = cluster.preconnect_policy().per_upstream_preconnect_ratio().value();
  config::UpstreamHttp http = errors.take_nested("", compile_upstream_http(cluster));
  http.filters = errors.take_nested("", compile_attempt_filters(cluster, environment));
  complete_forward_proxy(cluster, http, errors);
  out->http = std::move(http);
  environment.upstream_http.share(out->http);
  check_alpn(cluster, *out, errors);
  if (!errors.empty()) return errors.status();
  make_stats(*out, environment.stats);
  make_remaining_stats(remaining, *out, environment.stats);
  make_measures(cluster, *out, environment.stats);
  return out;
}

}  // namespace outrigger::xds
