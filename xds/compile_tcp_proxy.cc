#include "xds/compile_tcp_proxy.h"

#include <optional>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "api/stats_tcp.h"
#include "xds/compile_access_log.h"
#include "xds/compile_header_mutation.h"
#include "xds/compile_subset_match.h"
#include "xds/compile_substitution.h"
#include "xds/compile_values.h"
#include "xds/dynamic_sources.h"
#include "xds/field_errors.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using ModeMessage = envoy::extensions::filters::network::tcp_proxy::v3::UpstreamConnectMode;
using std::chrono::milliseconds;

// Zero turns it off.
std::optional<milliseconds> positive(const google::protobuf::Duration& duration) {
  milliseconds time = to_milliseconds(duration);
  return time.count() > 0 ? std::optional(time) : std::nullopt;
}

void compile_clusters(const TcpProxy& message, CompileEnvironment& environment,
                      config::TcpProxy& out) {
  out.metadata_match = compile_subset_match(message.metadata_match());
  if (message.cluster_specifier_case() == TcpProxy::kCluster) {
    out.clusters.push_back({environment.clusters.ref(message.cluster()), 1, {}});
  }
  for (const auto& each : message.weighted_clusters().clusters()) {
    out.clusters.push_back({environment.clusters.ref(each.name()), each.weight(),
                            compile_subset_match(each.metadata_match(), out.metadata_match)});
  }
  for (const auto& cluster : out.clusters) out.total_weight += cluster.weight;
}

void compile_on_demand(const TcpProxy& message, CompileEnvironment& environment,
                       config::TcpProxy& out, FieldErrors& errors) {
  constexpr milliseconds kDefaultTimeout{60'000};
  if (!message.has_on_demand()) return;
  const auto& on_demand = message.on_demand();
  if (!on_demand.has_odcds_config()) return;  // it says nothing
  if (environment.dynamic == nullptr) {
    errors.add("on_demand.odcds_config", "clusters cannot be discovered here");
    return;
  }
  auto demand =
      environment.dynamic->cluster_demand(on_demand.odcds_config(), on_demand.resources_locator());
  if (!demand.ok()) {
    // Its field is named otherwise where filters of HTTP have it.
    std::string problem(demand.status().message());
    if (problem.starts_with("source")) problem.replace(0, 6, "odcds_config");
    errors.add_nested("on_demand", absl::InvalidArgumentError(problem));
    return;
  }
  out.on_demand.demand = *std::move(demand);
  out.on_demand.timeout =
      on_demand.has_timeout() ? to_milliseconds(on_demand.timeout()) : kDefaultTimeout;
}

void compile_times(const TcpProxy& message, config::TcpProxy& out) {
  if (message.has_idle_timeout()) out.idle_timeout = positive(message.idle_timeout());
  if (message.has_max_downstream_connection_duration()) {
    out.max_downstream_connection_duration =
        to_milliseconds(message.max_downstream_connection_duration());
  }
  out.max_duration_jitter_percent =
      message.max_downstream_connection_duration_jitter_percentage().value();
}

void compile_attempts(const TcpProxy& message, config::TcpProxy& out, FieldErrors& errors) {
  if (message.has_max_connect_attempts())
    out.max_connect_attempts = message.max_connect_attempts().value();
  if (!message.has_backoff_options()) return;
  const auto& backoff = message.backoff_options();
  out.backoff_base = to_milliseconds(backoff.base_interval());
  out.backoff_max =
      backoff.has_max_interval() ? to_milliseconds(backoff.max_interval()) : 10 * out.backoff_base;
  if (out.backoff_max < out.backoff_base)
    errors.add("backoff_options.max_interval", "must be greater than or equal to base_interval");
}

void compile_hash_policy(const TcpProxy& message, config::TcpProxy& out) {
  if (message.hash_policy().empty()) return;
  const auto& policy = message.hash_policy(0);  // Envoy allows one
  if (policy.has_filter_state()) {
    out.hash_policy = config::TcpProxy::HashPolicy::filter_state;
    out.hash_filter_state_key = policy.filter_state().key();
  } else {
    out.hash_policy = config::TcpProxy::HashPolicy::source_ip;
  }
}

config::TcpProxy::Tunneling compile_tunneling(const TcpProxy::TunnelingConfig& message,
                                              FieldErrors& errors) {
  config::TcpProxy::Tunneling out;
  out.hostname = errors.take("tunneling_config.hostname", compile_substitution(message.hostname()));
  out.use_post = message.use_post();
  out.post_path = message.post_path();
  if (!out.post_path.empty() && !out.use_post)
    errors.add("tunneling_config.post_path", "can't set a post path when POST method isn't used");
  auto headers = compile_header_mutations(message.headers_to_add(), {}, "headers_to_add");
  if (headers.ok()) {
    out.headers = *std::move(headers);
  } else {
    errors.add_nested("tunneling_config", headers.status());
  }
  out.propagate_response_headers = message.propagate_response_headers();
  out.propagate_response_trailers = message.propagate_response_trailers();
  return out;
}

void compile_tlvs(const TcpProxy& message, config::TcpProxy& out, FieldErrors& errors) {
  for (int i = 0; i < message.proxy_protocol_tlvs_size(); ++i) {
    const auto& tlv = message.proxy_protocol_tlvs(i);
    std::string field = indexed("proxy_protocol_tlvs", i);
    config::TcpProxy::Tlv compiled;
    compiled.type = static_cast<uint8_t>(tlv.type());
    if (tlv.type() > 255) errors.add(field + ".type", "must be at most 255");
    if (tlv.has_format_string() == !tlv.value().empty())
      errors.add(field, "exactly one of value and format_string must be set");
    if (tlv.has_format_string()) {
      auto format =
          errors.take_nested(field + ".format_string", compile_log_format(tlv.format_string()));
      if (auto* text = std::get_if<config::SubstitutionFormat>(&format.format)) {
        compiled.value = std::move(*text);
      } else {
        errors.add(field + ".format_string", "must be text");
      }
    } else {
      config::LogCommand literal;
      literal.text = tlv.value();
      compiled.value.push_back(std::move(literal));
    }
    out.proxy_protocol_tlvs.push_back(std::move(compiled));
  }
}

void compile_connect_mode(const TcpProxy& message, config::TcpProxy& out, FieldErrors& errors) {
  using Mode = config::TcpProxy::ConnectMode;
  if (message.has_max_early_data_bytes())
    out.max_early_data_bytes = message.max_early_data_bytes().value();
  switch (message.upstream_connect_mode()) {
    case ModeMessage::ON_DOWNSTREAM_DATA:
      out.connect_mode = Mode::on_downstream_data;
      if (!out.max_early_data_bytes)
        errors.add("max_early_data_bytes",
                   "is required when upstream_connect_mode is "
                   "ON_DOWNSTREAM_DATA");
      return;
    case ModeMessage::ON_DOWNSTREAM_TLS_HANDSHAKE:
      out.connect_mode = Mode::on_downstream_tls_handshake;
      return;
    default:
      return;
  }
}

void compile_logs(const TcpProxy& message, config::TcpProxy& out, FieldErrors& errors) {
  auto logs = compile_access_logs(message.access_log());
  if (logs.ok()) {
    out.access_logs = *std::move(logs);
  } else {
    errors.add_nested("", logs.status());
  }
  if (message.has_access_log_flush_interval())
    out.access_log_flush_interval = to_milliseconds(message.access_log_flush_interval());
  out.flush_access_log_on_connected = message.flush_access_log_on_connected();
  if (!message.has_access_log_options()) return;
  const auto& options = message.access_log_options();
  if (message.flush_access_log_on_connected() || message.has_access_log_flush_interval())
    errors.add("access_log_options",
               "only one of access_log_options and the deprecated fields may be set");
  if (options.has_access_log_flush_interval())
    out.access_log_flush_interval = to_milliseconds(options.access_log_flush_interval());
  out.flush_access_log_on_connected = options.flush_access_log_on_connected();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const config::TcpProxy>> compile_tcp_proxy(
    const TcpProxy& message, CompileEnvironment& environment) {
  FieldErrors errors;
  auto out = std::make_shared<config::TcpProxy>();
  out->stat_prefix = message.stat_prefix();
  compile_clusters(message, environment, *out);
  compile_on_demand(message, environment, *out, errors);
  if (out->total_weight == 0)
    errors.add("weighted_clusters", "the sum of the weights must be greater than 0");
  compile_times(message, *out);
  compile_attempts(message, *out, errors);
  compile_hash_policy(message, *out);
  if (message.has_tunneling_config())
    out->tunneling = compile_tunneling(message.tunneling_config(), errors);
  compile_tlvs(message, *out, errors);
  compile_connect_mode(message, *out, errors);
  compile_logs(message, *out, errors);
  if (!errors.empty()) return errors.status();
  std::string name = stat_name(message.stat_prefix());
  out->stats = environment.stats.scope<TcpStats>(fmt::format("tcp.{}.", name), "tcp.",
                                                 {{"envoy.tcp_prefix", name}});
  return std::shared_ptr<const config::TcpProxy>(std::move(out));
}

}  // namespace outrigger::xds
