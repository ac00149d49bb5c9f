#include "xds/compile_cluster.h"

#include <utility>

#include "fmt/format.h"

#include "envoy/extensions/load_balancing_policies/least_request/v3/least_request.pb.h"
#include "envoy/extensions/load_balancing_policies/random/v3/random.pb.h"
#include "envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"

#include "api/stats_cluster.h"
#include "xds/compile_values.h"
#include "xds/field_errors.h"

namespace outrigger::xds {
namespace {

using Balancer = config::Cluster::Balancer;
using envoy::config::cluster::v3::CircuitBreakers;
using envoy::config::cluster::v3::Cluster;
using envoy::extensions::load_balancing_policies::least_request::v3::LeastRequest;
using envoy::extensions::load_balancing_policies::random::v3::Random;
using envoy::extensions::load_balancing_policies::round_robin::v3::RoundRobin;
using envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;

template <class Message>
bool is_a(const google::protobuf::Any& any) {
  return is_type(any, Message::descriptor()->full_name());
}

// The first policy of the list that we have, as Envoy chooses.
void compile_policy_list(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  for (const auto& policy : cluster.load_balancing_policy().policies()) {
    const auto& config = policy.typed_extension_config().typed_config();
    if (is_a<RoundRobin>(config)) {
      out.balancer = Balancer::round_robin;
      return;
    }
    if (is_a<Random>(config)) {
      out.balancer = Balancer::random;
      return;
    }
    LeastRequest least_request;
    if (is_a<LeastRequest>(config) && config.UnpackTo(&least_request)) {
      out.balancer = Balancer::least_request;
      if (least_request.has_choice_count())
        out.least_request_choices = least_request.choice_count().value();
      if (least_request.selection_method() != LeastRequest::N_CHOICES) {
        errors.add("load_balancing_policy",
                   "selection_method FULL_SCAN is not supported by Outrigger");
      }
      return;
    }
  }
  errors.add("load_balancing_policy",
             "names no policy that is supported by Outrigger (round_robin, least_request, random)");
}

void compile_balancer(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  if (cluster.has_load_balancing_policy()) return compile_policy_list(cluster, out, errors);
  switch (cluster.lb_policy()) {
    case Cluster::ROUND_ROBIN:
      out.balancer = Balancer::round_robin;
      break;
    case Cluster::LEAST_REQUEST:
      out.balancer = Balancer::least_request;
      if (cluster.least_request_lb_config().has_choice_count()) {
        out.least_request_choices = cluster.least_request_lb_config().choice_count().value();
      }
      break;
    case Cluster::RANDOM:
      out.balancer = Balancer::random;
      break;
    case Cluster::LOAD_BALANCING_POLICY_CONFIG:
      errors.add("lb_policy", "LOAD_BALANCING_POLICY_CONFIG needs load_balancing_policy");
      break;
    default:
      errors.add("lb_policy", fmt::format("{} is not supported by Outrigger",
                                          Cluster::LbPolicy_Name(cluster.lb_policy())));
  }
}

void compile_thresholds(const CircuitBreakers::Thresholds& from, config::CircuitBreaker& out) {
  if (from.has_max_connections()) out.max_connections = from.max_connections().value();
  if (from.has_max_pending_requests())
    out.max_pending_requests = from.max_pending_requests().value();
  if (from.has_max_requests()) out.max_requests = from.max_requests().value();
  if (from.has_max_retries()) out.max_retries = from.max_retries().value();
  if (from.has_max_connection_pools())
    out.max_connection_pools = from.max_connection_pools().value();
  out.track_remaining = from.track_remaining();
}

// Of several thresholds of one priority the first counts, as in Envoy.
void compile_circuit_breakers(const CircuitBreakers& breakers, config::Cluster& out) {
  bool seen[2] = {false, false};
  for (const auto& thresholds : breakers.thresholds()) {
    size_t priority = thresholds.priority() == envoy::config::core::v3::HIGH ? 1 : 0;
    if (!std::exchange(seen[priority], true)) {
      compile_thresholds(thresholds, out.circuit_breakers[priority]);
    }
  }
}

void compile_connection(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  if (cluster.has_connect_timeout())
    out.connect_timeout = to_milliseconds(cluster.connect_timeout());
  if (cluster.has_per_connection_buffer_limit_bytes())
    out.buffer_limit_bytes = cluster.per_connection_buffer_limit_bytes().value();
  const auto& options = cluster.upstream_connection_options();
  if (options.has_tcp_keepalive()) {
    const auto& from = options.tcp_keepalive();
    config::TcpKeepalive& keepalive = out.tcp_keepalive.emplace();
    if (from.has_keepalive_probes()) keepalive.probes = from.keepalive_probes().value();
    if (from.has_keepalive_time()) keepalive.time_s = from.keepalive_time().value();
    if (from.has_keepalive_interval()) keepalive.interval_s = from.keepalive_interval().value();
  }
  if (cluster.has_transport_socket() &&
      !is_a<RawBuffer>(cluster.transport_socket().typed_config())) {
    errors.add("transport_socket", fmt::format("'{}' is not supported by Outrigger",
                                               cluster.transport_socket().name()));
  }
  out.transport_socket = std::make_shared<config::TransportSocket>();
  out.close_connections_on_host_health_failure = cluster.close_connections_on_host_health_failure();
}

void make_stats(config::Cluster& out, StatsRegistry& stats) {
  const std::string& name = out.alt_stat_name.empty() ? out.ref.name : out.alt_stat_name;
  std::string value = stat_name(name);
  auto scope = [&]<class Stats>(std::string_view below) {
    return stats.scope<Stats>(fmt::format("cluster.{}.{}", value, below),
                              fmt::format("cluster.{}", below), {{"envoy.cluster_name", value}});
  };
  out.stats = scope.operator()<ClusterStats>("");
  out.config_stats = scope.operator()<ClusterConfigStats>("");
  out.external_stats = scope.operator()<ClusterCodeStats>("external.");
  out.internal_stats = scope.operator()<ClusterCodeStats>("internal.");
  out.retry_stats = scope.operator()<ClusterCodeStats>("retry.");
  out.circuit_breakers[0].stats =
      scope.operator()<CircuitBreakerStats>("circuit_breakers.default.");
  out.circuit_breakers[1].stats = scope.operator()<CircuitBreakerStats>("circuit_breakers.high.");
  // Ten thousand clusters speak one version each.
  using Version = config::UpstreamHttp::Version;
  if (out.http.version != Version::http2)
    out.http1_stats = scope.operator()<http::Http1Stats>("http1.");
  if (out.http.version != Version::http1)
    out.http2_stats = scope.operator()<http::Http2Stats>("http2.");
}

}  // namespace

absl::StatusOr<config::ClusterPtr> compile_cluster(const Cluster& cluster,
                                                   CompileEnvironment& environment) {
  FieldErrors errors;
  auto out = std::make_shared<config::Cluster>();
  out->ref = environment.clusters.ref(cluster.name());
  out->alt_stat_name = cluster.alt_stat_name();
  if (cluster.has_cluster_type()) {
    errors.add("cluster_type",
               fmt::format("'{}' is not supported by Outrigger", cluster.cluster_type().name()));
    return errors.status();
  }
  if (cluster.type() != Cluster::STATIC) {
    errors.add("type", fmt::format("{} is not supported by Outrigger",
                                   Cluster::DiscoveryType_Name(cluster.type())));
    return errors.status();  // the endpoints of another kind would only mislead
  }
  compile_connection(cluster, *out, errors);
  compile_balancer(cluster, *out, errors);
  compile_circuit_breakers(cluster.circuit_breakers(), *out);
  if (cluster.common_lb_config().has_healthy_panic_threshold()) {
    out->panic_threshold = cluster.common_lb_config().healthy_panic_threshold().value();
  }
  out->http = errors.take_nested("", compile_upstream_http(cluster));
  out->endpoints =
      errors.take_nested("load_assignment", compile_endpoints(cluster.load_assignment()));
  if (!errors.empty()) return errors.status();
  make_stats(*out, environment.stats);
  return config::ClusterPtr(std::move(out));
}

}  // namespace outrigger::xds
