#include "xds/compile_route.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "xds/compile_metadata.h"
#include "xds/compile_route_parts.h"
#include "xds/regex.h"
#include "xds/uri_template.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::route::v3::Route;
using envoy::config::route::v3::RouteConfiguration;
using envoy::config::route::v3::VirtualHost;

template <class Level>
std::optional<uint64_t> buffer_limit(const Level& level) {
  if (level.has_request_body_buffer_limit()) return level.request_body_buffer_limit().value();
  if (level.has_per_request_buffer_limit_bytes()) {
    return level.per_request_buffer_limit_bytes().value();
  }
  return std::nullopt;
}

void compile_action(const Route& route, RouteScope& scope, config::Route& out,
                    FieldErrors& errors) {
  switch (route.action_case()) {
    case Route::kRoute:
      out.action = errors.take_nested("route", compile_forward(route.route(), scope));
      break;
    case Route::kRedirect:
      out.action = errors.take_nested("redirect", compile_redirect(route.redirect()));
      break;
    case Route::kDirectResponse:
      out.action = errors.take_nested(
          "direct_response",
          compile_direct_response(route.direct_response(), scope.max_direct_response_body));
      break;
    case Route::kNonForwardingAction:
      out.action = config::NonForwardingAction{};
      break;
    default:
      errors.add("", "has no action that is supported");
  }
}

// A path template's variables make the new path; a part of it that a prefix took has no meaning.
void compile_template_rewrite(const Route& route, config::Route& out, FieldErrors& errors) {
  auto* forward = std::get_if<config::ForwardAction>(&out.action);
  if (route.match().has_path_match_policy()) {
    if (!route.route().prefix_rewrite().empty() || !route.redirect().prefix_rewrite().empty())
      errors.add("", "prefix_rewrite cannot be used with path_match_policy");
  }
  if (forward == nullptr || !route.route().has_path_rewrite_policy()) return;
  if (!route.match().has_path_match_policy()) {
    errors.add("route.path_rewrite_policy", "needs a path_match_policy");
    return;
  }
  forward->regex_rewrite = errors.take_nested(
      "route.path_rewrite_policy.typed_config",
      compile_uri_template_rewrite(route.route().path_rewrite_policy().typed_config(),
                                   route.match().path_match_policy().typed_config()));
}

config::VirtualHost::RequireTls compile_require_tls(const VirtualHost& host) {
  switch (host.require_tls()) {
    case VirtualHost::ALL:
      return config::VirtualHost::RequireTls::all;
    case VirtualHost::EXTERNAL_ONLY:
      return config::VirtualHost::RequireTls::external_only;
    default:
      return config::VirtualHost::RequireTls::none;
  }
}

// `scope` is the table's, copied: the host adds what its routes inherit.
absl::StatusOr<config::VirtualHost> compile_host(const VirtualHost& host, RouteScope scope) {
  FieldErrors errors;
  config::VirtualHost out;
  out.name = host.name();
  out.require_tls = compile_require_tls(host);
  compile_header_levels(host, out, errors);
  out.per_filter = errors.take_nested(
      "typed_per_filter_config", scope.context.compile_per_filter(host.typed_per_filter_config()));
  out.include_request_attempt_count = host.include_request_attempt_count();
  out.include_attempt_count_in_response = host.include_attempt_count_in_response();
  for (int i = 0; i < host.rate_limits_size(); ++i) {
    out.rate_limits.push_back(
        errors.take_nested(indexed("rate_limits", i), compile_rate_limit(host.rate_limits(i))));
  }
  out.request_buffer_limit = buffer_limit(host);
  out.metadata = compile_metadata(host.metadata());

  out.virtual_clusters = compile_virtual_clusters(host, scope.context, errors);

  scope.host_name = host.name();
  scope.request_buffer_limit = out.request_buffer_limit;
  if (host.has_retry_policy()) {
    scope.retry = std::make_shared<const config::RetryPolicy>(
        errors.take_nested("retry_policy", compile_retry_policy(host.retry_policy())));
  }
  if (host.has_hedge_policy())
    scope.hedge_on_per_try_timeout = host.hedge_policy().hedge_on_per_try_timeout();
  out.include_is_timeout_retry_header = host.include_is_timeout_retry_header();
  auto mirrors = compile_mirrors(host.request_mirror_policies(), scope, errors);
  if (!mirrors.empty()) scope.mirrors = std::move(mirrors);
  out.routes.reserve(static_cast<size_t>(host.routes_size()));
  for (int i = 0; i < host.routes_size(); ++i) {
    if (is_left_out(host.routes(i), scope)) continue;
    out.routes.push_back(
        errors.take_nested(indexed("routes", i), compile_route(host.routes(i), scope)));
  }
  if (host.has_matcher()) {
    compile_route_tree(host, scope, out, errors);
  } else {
    out.index = make_route_index(out.routes);
  }
  if (!errors.empty()) return errors.status();
  return out;
}

bool add_wildcard(std::vector<config::RouteTable::Wildcards>& wildcards, std::string text,
                  uint32_t host) {
  auto at = std::ranges::find(wildcards, text.size(), &config::RouteTable::Wildcards::length);
  if (at == wildcards.end()) at = wildcards.insert(at, {text.size(), {}});
  return at->domains.try_emplace(std::move(text), host).second;
}

// False: another host has the domain already.
bool add_domain(config::RouteTable& table, const std::string& domain, uint32_t host) {
  if (domain == "*") {
    if (table.default_host) return false;
    table.default_host = host;
    return true;
  }
  if (domain.starts_with('*')) return add_wildcard(table.suffix_domains, domain.substr(1), host);
  if (domain.ends_with('*')) {
    return add_wildcard(table.prefix_domains, domain.substr(0, domain.size() - 1), host);
  }
  return table.exact_domains.try_emplace(domain, host).second;
}

void add_domains(config::RouteTable& table, const VirtualHost& host, uint32_t position,
                 FieldErrors& errors) {
  for (int i = 0; i < host.domains_size(); ++i) {
    if (!add_domain(table, absl::AsciiStrToLower(host.domains(i)), position)) {
      errors.add(fmt::format("virtual_hosts[{}].domains[{}]", position, i),
                 fmt::format("domain '{}' is in route configuration '{}' already", host.domains(i),
                             table.name));
    }
  }
}

void compile_specifiers(const RouteConfiguration& message, RouteScope& scope, FieldErrors& errors) {
  for (int i = 0; i < message.cluster_specifier_plugins_size(); ++i) {
    const auto& plugin = message.cluster_specifier_plugins(i);
    if (plugin.is_optional()) {
      scope.left_out_specifiers.push_back(plugin.extension().name());
    } else {
      errors.add(indexed("cluster_specifier_plugins", i) + ".extension",
                 fmt::format("'{}' is not supported by Outrigger", plugin.extension().name()));
    }
  }
}

void compile_hosts(const RouteConfiguration& message, const RouteScope& scope,
                   config::RouteTable& out, FieldErrors& errors) {
  out.hosts.reserve(static_cast<size_t>(message.virtual_hosts_size()));
  for (int i = 0; i < message.virtual_hosts_size(); ++i) {
    const VirtualHost& host = message.virtual_hosts(i);
    out.hosts.push_back(errors.take_nested(indexed("virtual_hosts", i), compile_host(host, scope)));
    add_domains(out, host, static_cast<uint32_t>(i), errors);
  }
  std::ranges::sort(out.suffix_domains, std::ranges::greater(),
                    &config::RouteTable::Wildcards::length);
  std::ranges::sort(out.prefix_domains, std::ranges::greater(),
                    &config::RouteTable::Wildcards::length);
}

}  // namespace

absl::StatusOr<config::Route> compile_route(const Route& route, RouteScope& scope) {
  FieldErrors errors;
  config::Route out;
  out.name = route.name();
  out.match = errors.take_nested("match", compile_route_match(route.match()));
  compile_action(route, scope, out, errors);
  compile_template_rewrite(route, out, errors);
  compile_header_levels(route, out, errors);
  out.per_filter = errors.take_nested(
      "typed_per_filter_config", scope.context.compile_per_filter(route.typed_per_filter_config()));
  if (!route.stat_prefix().empty())
    out.stats = make_route_stats(scope.host_name, route.stat_prefix(), scope.context.stats());
  out.metadata = compile_metadata(route.metadata());
  out.request_buffer_limit = buffer_limit(route);
  if (!out.request_buffer_limit) out.request_buffer_limit = scope.request_buffer_limit;
  if (!errors.empty()) return errors.status();
  return out;
}

bool is_left_out(const Route& route, const RouteScope& scope) {
  if (route.route().has_inline_cluster_specifier_plugin())
    return route.route().inline_cluster_specifier_plugin().is_optional();
  return route.route().has_cluster_specifier_plugin() &&
         std::ranges::find(scope.left_out_specifiers, route.route().cluster_specifier_plugin()) !=
             scope.left_out_specifiers.end();
}

std::shared_ptr<const config::RouteIndex> make_route_index(std::span<const config::Route> routes) {
  if (routes.size() < config::RouteIndex::kMinRoutes) return nullptr;
  return std::make_shared<const config::RouteIndex>(routes, make_regex_set);
}

config::ClusterRef RouteScope::cluster(std::string_view field, const std::string& name,
                                       FieldErrors& errors) {
  if (validate_clusters && !context.cluster_exists(name)) {
    errors.add(field, fmt::format("unknown cluster '{}'", name));
  }
  return context.clusters().ref(name);
}

config::Milliseconds compile_duration(std::string_view field,
                                      const google::protobuf::Duration& duration,
                                      FieldErrors& errors) {
  // The limit of the type: about 10,000 years, which milliseconds hold easily.
  constexpr int64_t kMaxSeconds = 315'576'000'000;
  if (duration.seconds() < 0 || duration.nanos() < 0) {
    errors.add(field, "is a negative duration");
    return {};
  }
  if (duration.seconds() > kMaxSeconds || duration.nanos() > 999'999'999) {
    errors.add(field, "is no valid duration");
    return {};
  }
  return std::chrono::seconds(duration.seconds()) +
         std::chrono::duration_cast<config::Milliseconds>(
             std::chrono::nanoseconds(duration.nanos()));
}

absl::StatusOr<std::shared_ptr<const config::RouteTable>> compile_route_table(
    const RouteConfiguration& message, RouteCompileContext& context) {
  FieldErrors errors;
  auto out = std::make_shared<config::RouteTable>();
  out->name = message.name();
  compile_header_levels(message, *out, errors);
  for (const std::string& header : message.internal_only_headers()) {
    out->internal_only_headers.push_back(absl::AsciiStrToLower(header));
  }
  out->most_specific_header_mutations_wins = message.most_specific_header_mutations_wins();
  out->ignore_port_in_host_matching = message.ignore_port_in_host_matching();
  out->vhost_header = absl::AsciiStrToLower(message.vhost_header());
  out->ignore_path_parameters = message.ignore_path_parameters_in_path_matching();
  if (message.has_max_direct_response_body_size_bytes()) {
    out->max_direct_response_body_size = message.max_direct_response_body_size_bytes().value();
  }
  out->per_filter = errors.take_nested(
      "typed_per_filter_config", context.compile_per_filter(message.typed_per_filter_config()));
  if (auto demand = context.host_demand())
    out->per_filter.entries.push_back({std::string(HostDemand::kName), std::move(demand), false});

  RouteScope scope(context);
  scope.validate_clusters = message.has_validate_clusters()
                                ? message.validate_clusters().value()
                                : context.validate_clusters_by_default();
  scope.max_direct_response_body = out->max_direct_response_body_size;
  compile_specifiers(message, scope, errors);
  scope.mirrors = compile_mirrors(message.request_mirror_policies(), scope, errors);
  out->mirrors = scope.mirrors;
  compile_hosts(message, scope, *out, errors);
  if (!errors.empty()) return errors.status();
  return std::shared_ptr<const config::RouteTable>(std::move(out));
}

}  // namespace outrigger::xds
