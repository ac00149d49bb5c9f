#include <cctype>
#include <memory>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "envoy/config/core/v3/health_check.pb.h"
#include "envoy/extensions/health_check/event_sinks/file/v3/file.pb.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_header_mutation.h"
#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::core::v3::HealthCheck;
using Payload = HealthCheck::Payload;

// "0aff" -> two octets.
bool read_hex(const std::string& text, std::string& out) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.empty() || text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return true;
}

std::string compile_payload(const Payload& payload, const std::string& field, FieldErrors& errors) {
  if (payload.payload_case() == Payload::kBinary) return payload.binary();
  std::string out;
  if (!read_hex(payload.text(), out))
    errors.add(field + ".text", fmt::format("invalid hex string '{}'", payload.text()));
  return out;
}

template <class Payloads>
std::vector<std::string> compile_payloads(const Payloads& payloads, const std::string& field,
                                          FieldErrors& errors) {
  std::vector<std::string> out;
  for (int i = 0; i < payloads.size(); ++i)
    out.push_back(compile_payload(payloads.Get(i), indexed(field, i), errors));
  return out;
}

template <class Ranges>
std::vector<config::HealthCheck::StatusRange> compile_statuses(const Ranges& ranges,
                                                               const std::string& field,
                                                               FieldErrors& errors) {
  std::vector<config::HealthCheck::StatusRange> out;
  for (int i = 0; i < ranges.size(); ++i) {
    const auto& range = ranges.Get(i);
    if (range.start() >= range.end() || range.start() < 100 || range.end() > 600) {
      errors.add(indexed(field, i), "must be within 100 and 600, and not empty");
      continue;
    }
    out.push_back({static_cast<int>(range.start()), static_cast<int>(range.end())});
  }
  return out;
}

// There is no request whose values could stand in it.
void check_literal(const config::HeaderMutations& headers, const std::string& field,
                   FieldErrors& errors) {
  for (const config::HeaderAddition& addition : headers.add) {
    for (const config::LogCommand& command : addition.value) {
      if (command.field != config::LogField::literal)
        errors.add(field, fmt::format("'{}': commands are not supported by Outrigger in the "
                                      "headers of health checks",
                                      addition.name));
    }
  }
}

config::HealthCheck::Http compile_http(const HealthCheck::HttpHealthCheck& from,
                                       FieldErrors& errors) {
  config::HealthCheck::Http out;
  out.host = from.host();
  out.path = from.path();
  if (from.method() != envoy::config::core::v3::METHOD_UNSPECIFIED)
    out.method = envoy::config::core::v3::RequestMethod_Name(from.method());
  out.http2 = from.codec_client_type() == envoy::type::v3::HTTP2;
  if (from.codec_client_type() == envoy::type::v3::HTTP3)
    errors.add("http_health_check.codec_client_type", "HTTP3 is not supported by Outrigger");
  out.headers = errors.take_nested(
      "http_health_check",
      compile_header_mutations(from.request_headers_to_add(), from.request_headers_to_remove()));
  check_literal(out.headers, "http_health_check.request_headers_to_add", errors);
  out.expected =
      compile_statuses(from.expected_statuses(), "http_health_check.expected_statuses", errors);
  if (out.expected.empty()) out.expected.push_back({200, 201});
  out.retriable =
      compile_statuses(from.retriable_statuses(), "http_health_check.retriable_statuses", errors);
  if (from.has_service_name_matcher())
    out.service_name = errors.take_nested("http_health_check.service_name_matcher",
                                          compile_string_matcher(from.service_name_matcher()));
  out.receive = compile_payloads(from.receive(), "http_health_check.receive", errors);
  if (from.has_response_buffer_size())
    out.response_buffer_bytes = from.response_buffer_size().value();
  size_t total = 0;
  for (const std::string& part : out.receive) total += part.size();
  if (out.response_buffer_bytes != 0 && total > out.response_buffer_bytes)
    errors.add("http_health_check.receive", "is longer than response_buffer_size");
  return out;
}

config::HealthCheck::Grpc compile_grpc(const HealthCheck::GrpcHealthCheck& from,
                                       FieldErrors& errors) {
  config::HealthCheck::Grpc out;
  out.service_name = from.service_name();
  out.authority = from.authority();
  for (const auto& option : from.initial_metadata()) {
    std::string name = option.header().key();
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (option.header().value().find('%') != std::string::npos)
      errors.add("grpc_health_check.initial_metadata",
                 "commands are not supported by Outrigger in the headers of health checks");
    out.metadata.emplace_back(std::move(name), option.header().value());
  }
  return out;
}

void compile_event_logs(const HealthCheck& from, config::HealthCheck& out, FieldErrors& errors) {
  using envoy::extensions::health_check::event_sinks::file::v3::HealthCheckEventFileSink;
  if (!from.event_log_path().empty()) out.event_log_paths.push_back(from.event_log_path());
  for (int i = 0; i < from.event_logger_size(); ++i) {
    HealthCheckEventFileSink sink;
    const auto& config = from.event_logger(i).typed_config();
    if (is_type(config, sink.GetDescriptor()->full_name()) && config.UnpackTo(&sink)) {
      out.event_log_paths.push_back(sink.event_log_path());
    } else {
      errors.add(indexed("event_logger", i) + ".typed_config",
                 fmt::format("'{}' is not supported by Outrigger", config.type_url()));
    }
  }
}

void compile_times(const HealthCheck& from, config::HealthCheck& out) {
  auto or_else = [](bool has, const google::protobuf::Duration& value,
                    std::chrono::milliseconds fallback) {
    return has ? to_milliseconds(value) : fallback;
  };
  out.timeout = to_milliseconds(from.timeout());
  out.interval = to_milliseconds(from.interval());
  out.initial_jitter = to_milliseconds(from.initial_jitter());
  out.interval_jitter = to_milliseconds(from.interval_jitter());
  out.interval_jitter_percent = from.interval_jitter_percent();
  out.no_traffic_interval =
      or_else(from.has_no_traffic_interval(), from.no_traffic_interval(), out.no_traffic_interval);
  out.no_traffic_healthy_interval =
      or_else(from.has_no_traffic_healthy_interval(), from.no_traffic_healthy_interval(),
              out.no_traffic_interval);
  out.unhealthy_interval =
      or_else(from.has_unhealthy_interval(), from.unhealthy_interval(), out.interval);
  out.unhealthy_edge_interval = or_else(from.has_unhealthy_edge_interval(),
                                        from.unhealthy_edge_interval(), out.unhealthy_interval);
  out.healthy_edge_interval =
      or_else(from.has_healthy_edge_interval(), from.healthy_edge_interval(), out.interval);
}

std::shared_ptr<const config::HealthCheck> compile_check(const HealthCheck& from,
                                                         FieldErrors& errors) {
  auto out = std::make_shared<config::HealthCheck>();
  compile_times(from, *out);
  out->unhealthy_threshold = from.unhealthy_threshold().value();
  out->healthy_threshold = from.healthy_threshold().value();
  if (from.has_alt_port()) out->alt_port = static_cast<uint16_t>(from.alt_port().value());
  if (from.alt_port().value() > 65535) errors.add("alt_port", "must not be above 65535");
  if (from.has_reuse_connection()) out->reuse_connection = from.reuse_connection().value();
  out->always_log_failures = from.always_log_health_check_failures();
  out->always_log_success = from.always_log_health_check_success();
  out->alpn.assign(from.tls_options().alpn_protocols().begin(),
                   from.tls_options().alpn_protocols().end());
  if (from.has_transport_socket_match_criteria())
    out->transport_socket_criteria = compile_struct(from.transport_socket_match_criteria());
  compile_event_logs(from, *out, errors);
  if (from.has_http_health_check()) {
    out->http = compile_http(from.http_health_check(), errors);
  } else if (from.has_tcp_health_check()) {
    config::HealthCheck::Tcp& tcp = out->tcp.emplace();
    const auto& tcp_from = from.tcp_health_check();
    if (tcp_from.has_send())
      tcp.send = compile_payload(tcp_from.send(), "tcp_health_check.send", errors);
    tcp.receive = compile_payloads(tcp_from.receive(), "tcp_health_check.receive", errors);
  } else if (from.has_grpc_health_check()) {
    out->grpc = compile_grpc(from.grpc_health_check(), errors);
  } else {
    errors.add("custom_health_check", "is not supported by Outrigger");
  }
  return out;
}

}  // namespace

void compile_health_checks(const envoy::config::cluster::v3::Cluster& cluster, config::Cluster& out,
                           FieldErrors& errors) {
  out.ignore_health_on_host_removal = cluster.ignore_health_on_host_removal();
  out.ignore_new_hosts_until_first_hc =
      cluster.common_lb_config().ignore_new_hosts_until_first_hc();
  if (cluster.health_checks_size() > 1) {
    errors.add("health_checks", "multiple health checks are not supported by Outrigger");
    return;
  }
  for (const HealthCheck& check : cluster.health_checks()) {
    FieldErrors of_check;
    auto compiled = compile_check(check, of_check);
    if (!of_check.empty()) errors.add_nested("health_checks[0]", of_check.status());
    if (out.original_dst) errors.add("health_checks", "an ORIGINAL_DST cluster has no endpoints");
    if (out.discovery == config::Cluster::Discovery::dynamic_forward_proxy)
      errors.add("health_checks", "the hosts of a dynamic_forward_proxy are not asked");
    out.health_checks.push_back(std::move(compiled));
  }
}

std::shared_ptr<const config::EndpointHealthCheck> compile_endpoint_check(
    const envoy::config::endpoint::v3::Endpoint& endpoint, FieldErrors& errors) {
  if (!endpoint.has_health_check_config()) return nullptr;
  const auto& from = endpoint.health_check_config();
  auto out = std::make_shared<config::EndpointHealthCheck>();
  // Validation has the port within its range.
  if (from.port_value() != 0) out->port = static_cast<uint16_t>(from.port_value());
  out->hostname = from.hostname();
  out->disabled = from.disable_active_health_check();
  if (from.has_address())
    out->address =
        errors.take_nested("endpoint.health_check_config.address", compile_address(from.address()));
  return out;
}

}  // namespace outrigger::xds
