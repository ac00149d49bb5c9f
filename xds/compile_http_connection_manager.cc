#include "xds/compile_http_connection_manager.h"

#include "absl/strings/ascii.h"
#include "fmt/format.h"

#include "envoy/extensions/request_id/uuid/v3/uuid.pb.h"

#include "api/stats_http.h"
#include "xds/compile_access_log.h"
#include "xds/compile_client_detection.h"
#include "xds/compile_filters.h"
#include "xds/compile_http_options.h"
#include "xds/compile_local_reply.h"
#include "xds/compile_route.h"
#include "xds/compile_values.h"
#include "xds/dynamic_sources.h"
#include "xds/field_errors.h"
#include "xds/filter_compile_context.h"
#include "xds/filter_route_context.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using Message =
    envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using config::HttpConnectionManager;

void compile_codecs(const Message& message, HttpConnectionManager& out, FieldErrors& errors) {
  switch (message.codec_type()) {
    case Message::HTTP1:
      out.codec_type = config::CodecType::http1;
      break;
    case Message::HTTP2:
      out.codec_type = config::CodecType::http2;
      break;
    case Message::HTTP3:
      errors.add("codec_type", "HTTP3 is not supported by Outrigger");
      break;
    default:
      out.codec_type = config::CodecType::auto_;
  }
  out.stream_error_on_invalid_http_message = message.stream_error_on_invalid_http_message().value();
  http::HeadLimits limits = compile_head_limits(message.common_http_protocol_options(),
                                                message.max_request_headers_kb().value());
  bool stream_error = out.stream_error_on_invalid_http_message;
  out.http1 = errors.take_nested(
      "http_protocol_options",
      compile_http1_options(message.http_protocol_options(), limits, stream_error));
  out.http2 = errors.take_nested(
      "http2_protocol_options",
      compile_http2_options(message.http2_protocol_options(), limits, stream_error));
}

void compile_timeouts(const Message& message, HttpConnectionManager& out) {
  auto take = [](bool present, const google::protobuf::Duration& from,
                 std::chrono::milliseconds& to) {
    if (present) to = to_milliseconds(from);
  };
  const auto& common = message.common_http_protocol_options();
  take(common.has_idle_timeout(), common.idle_timeout(), out.idle_timeout);
  take(common.has_max_connection_duration(), common.max_connection_duration(),
       out.max_connection_duration);
  take(common.has_max_stream_duration(), common.max_stream_duration(), out.max_stream_duration);
  take(message.has_stream_idle_timeout(), message.stream_idle_timeout(), out.stream_idle_timeout);
  if (message.has_stream_flush_timeout())
    out.stream_flush_timeout = to_milliseconds(message.stream_flush_timeout());
  take(message.has_request_timeout(), message.request_timeout(), out.request_timeout);
  take(message.has_request_headers_timeout(), message.request_headers_timeout(),
       out.request_headers_timeout);
  take(message.has_drain_timeout(), message.drain_timeout(), out.drain_timeout);
  take(message.has_delayed_close_timeout(), message.delayed_close_timeout(),
       out.delayed_close_timeout);
  out.http1_safe_max_connection_duration = message.http1_safe_max_connection_duration();
  out.max_requests_per_connection = common.max_requests_per_connection().value();
}

void compile_server_header(const Message& message, HttpConnectionManager& out) {
  if (!message.server_name().empty()) out.server_name = message.server_name();
  switch (message.server_header_transformation()) {
    case Message::APPEND_IF_ABSENT:
      out.server_header = config::ServerHeader::append_if_absent;
      break;
    case Message::PASS_THROUGH:
      out.server_header = config::ServerHeader::pass_through;
      break;
    default:
      out.server_header = config::ServerHeader::overwrite;
  }
}

config::InternalAddresses compile_internal_addresses(const Message::InternalAddressConfig& message,
                                                     FieldErrors& errors) {
  config::InternalAddresses out;
  out.unix_sockets = message.unix_sockets();
  for (int i = 0; i < message.cidr_ranges_size(); ++i) {
    const auto& range = message.cidr_ranges(i);
    if (auto cidr = net::Cidr::from_ip(range.address_prefix(), range.prefix_len().value())) {
      out.ranges.push_back(*cidr);
    } else {
      errors.add(indexed("internal_address_config.cidr_ranges", i) + ".address_prefix",
                 fmt::format("'{}' is not an IP address", range.address_prefix()));
    }
  }
  return out;
}

void compile_client_certificate(const Message& message, HttpConnectionManager& out) {
  using Forward = config::ForwardClientCert;
  switch (message.forward_client_cert_details()) {
    case Message::FORWARD_ONLY:
      out.forward_client_cert = Forward::forward_only;
      break;
    case Message::APPEND_FORWARD:
      out.forward_client_cert = Forward::append_forward;
      break;
    case Message::SANITIZE_SET:
      out.forward_client_cert = Forward::sanitize_set;
      break;
    case Message::ALWAYS_FORWARD_ONLY:
      out.forward_client_cert = Forward::always_forward_only;
      break;
    default:
      out.forward_client_cert = Forward::sanitize;
  }
  const auto& details = message.set_current_client_cert_details();
  out.client_cert_details = {details.subject().value(), details.cert(), details.chain(),
                             details.dns(), details.uri()};
}

void compile_request_headers(const Message& message, HttpConnectionManager& out,
                             FieldErrors& errors) {
  out.via = message.via();
  out.add_user_agent = message.add_user_agent().value();
  const auto& scheme = message.scheme_header_transformation();
  if (!scheme.scheme_to_overwrite().empty()) out.scheme_override = scheme.scheme_to_overwrite();
  out.scheme_match_upstream = scheme.match_upstream();
  out.internal_addresses = compile_internal_addresses(message.internal_address_config(), errors);
  compile_client_detections(message, out, errors);
  compile_early_headers(message, out, errors);
  out.use_remote_address = message.use_remote_address().value();
  out.xff_num_trusted_hops = message.xff_num_trusted_hops();
  out.skip_xff_append = message.skip_xff_append();
  out.append_x_forwarded_port = message.append_x_forwarded_port();
  out.represent_ipv4_remote_address_as_ipv4_mapped_ipv6 =
      message.represent_ipv4_remote_address_as_ipv4_mapped_ipv6();
  if (message.has_generate_request_id())
    out.generate_request_id = message.generate_request_id().value();
  out.preserve_external_request_id = message.preserve_external_request_id();
  out.always_set_request_id_in_response = message.always_set_request_id_in_response();
  compile_client_certificate(message, out);
  using envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig;
  const auto& extension = message.request_id_extension().typed_config();
  if (message.has_request_id_extension() &&
      !is_type(extension, UuidRequestIdConfig::descriptor()->full_name())) {
    errors.add("request_id_extension.typed_config",
               fmt::format("'{}' is not supported by Outrigger", extension.type_url()));
  }
}

config::EscapedSlashes compile_escaped_slashes(Message::PathWithEscapedSlashesAction action) {
  switch (action) {
    case Message::REJECT_REQUEST:
      return config::EscapedSlashes::reject_request;
    case Message::UNESCAPE_AND_REDIRECT:
      return config::EscapedSlashes::unescape_and_redirect;
    case Message::UNESCAPE_AND_FORWARD:
      return config::EscapedSlashes::unescape_and_forward;
    default:
      return config::EscapedSlashes::keep;
  }
}

void compile_normalization(const Message& message, HttpConnectionManager& out,
                           FieldErrors& errors) {
  out.normalize_path = message.normalize_path().value();
  out.merge_slashes = message.merge_slashes();
  out.escaped_slashes = compile_escaped_slashes(message.path_with_escaped_slashes_action());
  out.strip_matching_host_port = message.strip_matching_host_port();
  out.strip_any_host_port = message.strip_any_host_port();
  if (out.strip_matching_host_port && out.strip_any_host_port) {
    errors.add("strip_any_host_port",
               "only one of strip_matching_host_port and strip_any_host_port can be set");
  }
  out.strip_trailing_host_dot = message.strip_trailing_host_dot();
  out.proxy_100_continue = message.proxy_100_continue();
  if (message.has_add_proxy_protocol_connection_state()) {
    out.add_proxy_protocol_connection_state = message.add_proxy_protocol_connection_state().value();
  }
}

// access_log_options has replaced the two fields beside it.
void compile_log_options(const Message& message, HttpConnectionManager& out, FieldErrors& errors) {
  const auto& options = message.access_log_options();
  if (message.has_access_log_options() &&
      (message.has_access_log_flush_interval() || message.flush_access_log_on_new_request())) {
    errors.add("access_log_options",
               "cannot be set together with access_log_flush_interval or "
               "flush_access_log_on_new_request");
  }
  out.log_on_new_request =
      message.flush_access_log_on_new_request() || options.flush_access_log_on_new_request();
  out.log_on_tunnel_established = options.flush_log_on_tunnel_successfully_established();
  if (message.has_access_log_flush_interval())
    out.log_interval = to_milliseconds(message.access_log_flush_interval());
  if (options.has_access_log_flush_interval())
    out.log_interval = to_milliseconds(options.access_log_flush_interval());
}

void compile_upgrades(const Message& message, HttpConnectionManager& out, FieldErrors& errors) {
  for (int i = 0; i < message.upgrade_configs_size(); ++i) {
    const auto& upgrade = message.upgrade_configs(i);
    std::string type = absl::AsciiStrToLower(upgrade.upgrade_type());
    for (const config::UpgradeConfig& other : out.upgrades) {
      if (other.type != type) continue;
      errors.add(indexed("upgrade_configs", i),
                 fmt::format("multiple upgrade configs with the same name: '{}'", type));
    }
    out.upgrades.push_back({type, !upgrade.has_enabled() || upgrade.enabled().value()});
  }
}

void compile_discovered_routes(const Message& message, CompileEnvironment& environment,
                               const std::string& stat_prefix, HttpConnectionManager& out,
                               FieldErrors& errors) {
  if (environment.dynamic == nullptr) {
    errors.add("rds", "routes cannot be discovered here");
    return;
  }
  auto routes = environment.dynamic->routes(message.rds(), stat_prefix, environment);
  if (routes.ok()) {
    out.routes = *std::move(routes);
  } else {
    errors.add_nested("rds.config_source", routes.status());
  }
}

void compile_scopes(const Message& message, CompileEnvironment& environment,
                    const std::string& stat_prefix, HttpConnectionManager& out,
                    FieldErrors& errors) {
  out.routes = std::make_shared<config::Slot<config::RouteTable>>();  // of no scope
  if (environment.dynamic == nullptr) {
    errors.add("scoped_routes", "routes cannot be discovered here");
    return;
  }
  out.scopes = errors.take_nested(
      "scoped_routes",
      environment.dynamic->scopes(message.scoped_routes(), stat_prefix, environment));
}

void compile_routes(const Message& message, CompileEnvironment& environment,
                    CompileContext& context, const ClusterExists& cluster_exists,
                    HttpConnectionManager& out, FieldErrors& errors) {
  if (message.has_rds()) {
    compile_discovered_routes(message, environment, context.stat_prefix(), out, errors);
    return;
  }
  if (message.has_scoped_routes()) {
    compile_scopes(message, environment, context.stat_prefix(), out, errors);
    return;
  }
  if (!message.has_route_config()) {
    errors.add("route_config", "one of route_config, rds and scoped_routes must be set");
    return;
  }
  FilterRouteContext routes(context, cluster_exists, RouteOrigin::inline_);
  out.routes = std::make_shared<config::Slot<config::RouteTable>>(
      errors.take_nested("route_config", compile_route_table(message.route_config(), routes)));
}

void make_stats(HttpConnectionManager& out, StatsRegistry& stats) {
  std::string value = stat_name(out.stat_prefix);
  out.stats = stats.scope<HttpStats>(fmt::format("http.{}.", value), "http.",
                                     {{"envoy.http_conn_manager_prefix", value}});
  // Downstream codecs of all listeners count together, as in Envoy.
  out.http1_stats = stats.scope<http::Http1Stats>("http1.");
  out.http2_stats = stats.scope<http::Http2Stats>("http2.");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpConnectionManager>> compile_http_connection_manager(
    const Message& message, CompileEnvironment& environment, const ClusterExists& cluster_exists) {
  FieldErrors errors;
  auto out = std::make_shared<HttpConnectionManager>();
  out->stat_prefix = message.stat_prefix();
  compile_codecs(message, *out, errors);
  compile_timeouts(message, *out);
  compile_server_header(message, *out);
  compile_request_headers(message, *out, errors);
  compile_normalization(message, *out, errors);
  compile_upgrades(message, *out, errors);
  FilterCompileContext context(environment, fmt::format("http.{}.", stat_name(out->stat_prefix)));
  compile_routes(message, environment, context, cluster_exists, *out, errors);
  out->filters =
      errors.take_nested("", compile_http_filters(message.http_filters(), context, environment));
  out->access_logs = errors.take_nested("", compile_access_logs(message.access_log()));
  compile_log_options(message, *out, errors);
  if (message.has_local_reply_config()) {
    out->local_reply =
        errors.take_nested("local_reply_config", compile_local_reply(message.local_reply_config()));
  }
  if (!errors.empty()) return errors.status();
  make_stats(*out, environment.stats);
  return std::shared_ptr<const HttpConnectionManager>(std::move(out));
}

}  // namespace outrigger::xds
