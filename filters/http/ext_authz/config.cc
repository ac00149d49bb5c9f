#include "filters/http/ext_authz/config.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/ext_authz/v3/ext_authz.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/ext_authz/filter.h"

// Envoy's deprecated list of a service's allowed headers is what many configurations have.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::filters::ext_authz {
namespace {

namespace pb = envoy::extensions::filters::http::ext_authz::v3;
using envoy::type::matcher::v3::ListStringMatcher;
using google::protobuf::util::TimeUtil;

// What an authorization takes where the configuration does not say.
constexpr std::chrono::milliseconds kDefaultTimeout{200};

absl::Status invalid(std::string_view field, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, problem));
}

absl::Status nested(std::string_view field, const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("{}.{}", field, std::string(status.message())));
}

absl::Status compile_matchers(std::string_view field, const ListStringMatcher& list,
                              CompileContext& context, Matchers& out) {
  for (int i = 0; i < list.patterns_size(); ++i) {
    auto matcher = context.compile(list.patterns(i));
    if (!matcher.ok()) return nested(fmt::format("{}.patterns[{}]", field, i), matcher.status());
    out.push_back(*std::move(matcher));
  }
  return absl::OkStatus();
}

absl::Status compile_answer_rules(const pb::AuthorizationResponse& response,
                                  CompileContext& context, HttpService& out) {
  struct Rule {
    const char* field;
    const ListStringMatcher& list;
    Matchers& matchers;
  };
  const Rule rules[] = {
      {"allowed_upstream_headers", response.allowed_upstream_headers(), out.to_request},
      {"allowed_upstream_headers_to_append", response.allowed_upstream_headers_to_append(),
       out.to_request_added},
      {"allowed_client_headers", response.allowed_client_headers(), out.to_reply},
      {"allowed_client_headers_on_success", response.allowed_client_headers_on_success(),
       out.to_response},
      {"dynamic_metadata_from_headers", response.dynamic_metadata_from_headers(), out.to_metadata}};
  for (const Rule& rule : rules) {
    absl::Status status = compile_matchers(rule.field, rule.list, context, rule.matchers);
    if (!status.ok()) return nested("authorization_response", status);
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpService> compile_http(const pb::HttpService& service, CompileContext& context) {
  HttpService out;
  out.cluster = context.clusters().ref(service.server_uri().cluster());
  out.timeout =
      std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(service.server_uri().timeout()));
  out.path_prefix = service.path_prefix();
  if (!out.path_prefix.empty() && out.path_prefix.front() != '/') {
    return invalid("path_prefix", fmt::format("'{}' must begin with '/'", out.path_prefix));
  }
  const auto& add = service.authorization_request().headers_to_add();
  for (int i = 0; i < add.size(); ++i) {
    auto format = context.compile_format(add[i].value());
    if (!format.ok()) {
      return invalid(fmt::format("authorization_request.headers_to_add[{}].value", i),
                     std::string(format.status().message()));
    }
    out.add.add.push_back({absl::AsciiStrToLower(add[i].key()), *std::move(format),
                           config::HeaderAddition::Action::overwrite_if_exists_or_add, false});
  }
  if (absl::Status status = compile_answer_rules(service.authorization_response(), context, out);
      !status.ok()) {
    return status;
  }
  return out;
}

absl::Status compile_service(const pb::ExtAuthz& proto, CompileContext& context, Settings& out) {
  if (proto.has_http_service()) {
    auto service = compile_http(proto.http_service(), context);
    if (!service.ok()) return nested("http_service", service.status());
    out.http = *std::move(service);
    return absl::OkStatus();
  }
  if (!proto.has_grpc_service()) {
    return invalid("grpc_service", "one of grpc_service and http_service must be set");
  }
  if (proto.transport_api_version() == envoy::config::core::v3::V2) {
    return invalid("transport_api_version", "V2 is not spoken");
  }
  auto service = context.compile(proto.grpc_service());
  if (!service.ok()) return nested("grpc_service", service.status());
  out.grpc = *std::move(service);
  if (!out.grpc->timeout) out.grpc->timeout = kDefaultTimeout;
  return absl::OkStatus();
}

absl::Status compile_header_rules(const pb::ExtAuthz& proto, CompileContext& context,
                                  Settings& out) {
  const auto& old = proto.http_service().authorization_request();
  if (proto.has_allowed_headers() || (out.http && old.has_allowed_headers())) {
    bool own = proto.has_allowed_headers();
    if (own && out.http && old.has_allowed_headers()) {
      return invalid("allowed_headers",
                     "is set together with http_service.authorization_request.allowed_headers");
    }
    absl::Status status = compile_matchers(
        own ? "allowed_headers" : "http_service.authorization_request.allowed_headers",
        own ? proto.allowed_headers() : old.allowed_headers(), context,
        out.allowed_headers.emplace());
    if (!status.ok()) return status;
  }
  return compile_matchers("disallowed_headers", proto.disallowed_headers(), context,
                          out.disallowed_headers);
}

BodyRule compile_body(const pb::BufferSettings& settings) {
  return {settings.max_request_bytes(), settings.allow_partial_message(), settings.pack_as_bytes()};
}

absl::Status compile_conditions(const pb::ExtAuthz& proto, CompileContext& context, Settings& out) {
  if (proto.has_filter_enabled()) out.enabled = context.compile(proto.filter_enabled());
  if (proto.has_filter_enabled_metadata()) {
    auto matcher = context.compile(proto.filter_enabled_metadata());
    if (!matcher.ok()) return nested("filter_enabled_metadata", matcher.status());
    out.enabled_metadata = *std::move(matcher);
  }
  out.deny_at_disable = proto.deny_at_disable().default_value().value();
  out.deny_at_disable_key = proto.deny_at_disable().runtime_key();
  return absl::OkStatus();
}

void compile_flags(const pb::ExtAuthz& proto, Settings& out) {
  out.failure_mode_allow = proto.failure_mode_allow();
  out.failure_header = proto.failure_mode_allow_header_add();
  if (proto.has_with_request_body()) out.body = compile_body(proto.with_request_body());
  out.clear_route = proto.clear_route_cache();
  if (proto.status_on_error().code() != 0) {
    out.status_on_error = static_cast<int>(proto.status_on_error().code());
  }
  out.validate_mutations = proto.validate_mutations();
  const auto& of_request = proto.metadata_context_namespaces();
  out.metadata_namespaces.assign(of_request.begin(), of_request.end());
  const auto& of_route = proto.route_metadata_context_namespaces();
  out.route_metadata_namespaces.assign(of_route.begin(), of_route.end());
  out.include_peer_certificate = proto.include_peer_certificate();
  out.include_tls_session = proto.include_tls_session();
  out.charge_cluster =
      !proto.has_charge_cluster_response_stats() || proto.charge_cluster_response_stats().value();
  out.ingest_metadata = !proto.has_enable_dynamic_metadata_ingestion() ||
                        proto.enable_dynamic_metadata_ingestion().value();
  out.max_denied_body = proto.max_denied_response_body_bytes();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::ExtAuthz&>(config);
  Settings settings;
  for (auto* step : {&compile_service, &compile_header_rules, &compile_conditions}) {
    if (absl::Status status = step(proto, context, settings); !status.ok()) return status;
  }
  compile_flags(proto, settings);
  std::string part = "ext_authz.";
  if (!proto.stat_prefix().empty()) part += proto.stat_prefix() + ".";
  StatsScopePtr own = filter_stats<ExtAuthzStats>(context, part);
  auto counters = std::make_unique<Counters>(context.stats(), std::move(own), std::move(part));
  return std::make_shared<ExtAuthzFactory>(std::move(settings), std::move(counters));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext&) {
  const auto& proto = static_cast<const pb::ExtAuthzPerRoute&>(config);
  auto route = std::make_shared<ExtAuthzRouteConfig>();
  route->disabled = proto.disabled();
  const pb::CheckSettings& settings = proto.check_settings();
  for (const auto& [key, value] : settings.context_extensions()) {
    route->context_extensions.emplace(key, value);
  }
  route->no_body = settings.disable_request_body_buffering();
  if (settings.has_with_request_body()) {
    if (route->no_body) {
      return invalid("check_settings.with_request_body",
                     "is set together with disable_request_body_buffering");
    }
    route->body = compile_body(settings.with_request_body());
  }
  return route;
}

}  // namespace outrigger::filters::ext_authz
