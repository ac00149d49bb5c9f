#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "xds/compile_route_parts.h"
#include "xds/compile_subset_match.h"
#include "xds/compile_substitution.h"
#include "xds/regex.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::route::v3::RouteAction;

int cluster_not_found_code(RouteAction::ClusterNotFoundResponseCode code) {
  switch (code) {
    case RouteAction::NOT_FOUND:
      return 404;
    case RouteAction::INTERNAL_SERVER_ERROR:
      return 500;
    default:
      return 503;
  }
}

void compile_cluster(const RouteAction& action, RouteScope& scope, config::ForwardAction& out,
                     FieldErrors& errors) {
  out.cluster_not_found_code = cluster_not_found_code(action.cluster_not_found_response_code());
  switch (action.cluster_specifier_case()) {
    case RouteAction::kCluster:
      out.cluster = scope.cluster("cluster", action.cluster(), errors);
      break;
    case RouteAction::kClusterHeader:
      out.cluster_header = absl::AsciiStrToLower(action.cluster_header());
      break;
    case RouteAction::kWeightedClusters:
      compile_weighted_clusters(action.weighted_clusters(), scope, out, errors);
      break;
    case RouteAction::kClusterSpecifierPlugin:
      errors.add("cluster_specifier_plugin", fmt::format("there is no cluster specifier '{}'",
                                                         action.cluster_specifier_plugin()));
      break;
    case RouteAction::kInlineClusterSpecifierPlugin:
      errors.add("inline_cluster_specifier_plugin.extension",
                 fmt::format("'{}' is not supported by Outrigger",
                             action.inline_cluster_specifier_plugin().extension().name()));
      break;
    default:
      errors.add("", "names its cluster in no way that is supported");
  }
}

// In a host, unlike in a path, Envoy writes "-" for what is absent.
config::SubstitutionFormat with_dashes(config::SubstitutionFormat format) {
  for (config::LogCommand& command : format) {
    if (command.field == config::LogField::literal) continue;
    config::LogCommand dash;
    dash.field = config::LogField::literal;
    dash.text = "-";
    config::LogCommand either;
    either.field = config::LogField::coalesce;
    either.operators = {std::move(command), std::move(dash)};
    command = std::move(either);
  }
  return format;
}

void compile_rewrites(const RouteAction& action, config::ForwardAction& out, FieldErrors& errors) {
  if (!action.prefix_rewrite().empty()) out.prefix_rewrite = action.prefix_rewrite();
  if (action.has_regex_rewrite()) {
    out.regex_rewrite =
        errors.take_nested("regex_rewrite", compile_regex_rewrite(action.regex_rewrite()));
  }
  if (!action.path_rewrite().empty()) {
    out.path_rewrite_format =
        errors.take("path_rewrite", compile_substitution(action.path_rewrite()));
  }
  int rewrites = int{out.prefix_rewrite.has_value()} + int{action.has_regex_rewrite()} +
                 int{action.has_path_rewrite_policy()} + int{out.path_rewrite_format.has_value()};
  if (rewrites > 1) {
    errors.add("",
               "only one of prefix_rewrite, regex_rewrite, path_rewrite_policy and "
               "path_rewrite may be set");
  }
  out.host_rewrite = action.host_rewrite_literal();
  out.host_rewrite_header = absl::AsciiStrToLower(action.host_rewrite_header());
  if (action.has_host_rewrite_path_regex()) {
    out.host_rewrite_path_regex = errors.take_nested(
        "host_rewrite_path_regex", compile_regex_rewrite(action.host_rewrite_path_regex()));
  }
  if (!action.host_rewrite().empty()) {
    out.host_rewrite_format =
        with_dashes(errors.take("host_rewrite", compile_substitution(action.host_rewrite())));
  }
  out.auto_host_rewrite = action.auto_host_rewrite().value();
  out.append_x_forwarded_host = action.append_x_forwarded_host();
}

void compile_stream_duration(const RouteAction::MaxStreamDuration& duration,
                             config::ForwardAction& out, FieldErrors& errors) {
  auto take = [&](std::string_view field, const google::protobuf::Duration& value) {
    return compile_duration(fmt::format("max_stream_duration.{}", field), value, errors);
  };
  if (duration.has_max_stream_duration()) {
    out.max_stream_duration = take("max_stream_duration", duration.max_stream_duration());
  }
  if (duration.has_grpc_timeout_header_max()) {
    out.grpc_timeout_header_max =
        take("grpc_timeout_header_max", duration.grpc_timeout_header_max());
  }
  if (duration.has_grpc_timeout_header_offset()) {
    out.grpc_timeout_header_offset =
        take("grpc_timeout_header_offset", duration.grpc_timeout_header_offset());
  }
}

void compile_timeouts(const RouteAction& action, config::ForwardAction& out, FieldErrors& errors) {
  if (action.has_timeout()) out.timeout = compile_duration("timeout", action.timeout(), errors);
  if (action.has_idle_timeout()) {
    out.idle_timeout = compile_duration("idle_timeout", action.idle_timeout(), errors);
  }
  if (action.has_flush_timeout()) {
    out.flush_timeout = compile_duration("flush_timeout", action.flush_timeout(), errors);
  }
  if (action.has_max_stream_duration()) {
    // The limit of the stream takes the place of the route's timeout.
    out.timeout = config::Milliseconds(0);
    compile_stream_duration(action.max_stream_duration(), out, errors);
    return;
  }
  // The older way to let grpc-timeout decide.
  if (action.has_max_grpc_timeout()) {
    out.max_grpc_timeout_ms = static_cast<uint32_t>(std::min<int64_t>(
        compile_duration("max_grpc_timeout", action.max_grpc_timeout(), errors).count(),
        UINT32_MAX));
  }
  if (action.has_grpc_timeout_offset()) {
    out.grpc_timeout_header_offset =
        compile_duration("grpc_timeout_offset", action.grpc_timeout_offset(), errors);
  }
}

void compile_upgrades(const RouteAction& action, config::ForwardAction& out, FieldErrors& errors) {
  for (int i = 0; i < action.upgrade_configs_size(); ++i) {
    const auto& upgrade = action.upgrade_configs(i);
    std::string type = absl::AsciiStrToLower(upgrade.upgrade_type());
    for (const config::UpgradeConfig& other : out.upgrades) {
      if (other.type == type) {
        errors.add(indexed("upgrade_configs", i), fmt::format("duplicate upgrade '{}'", type));
      }
    }
    if (upgrade.has_connect_config()) {
      if (type == "connect") {
        out.connect = config::ConnectTermination{upgrade.connect_config().allow_post()};
      } else {
        errors.add(indexed("upgrade_configs", i) + ".connect_config",
                   fmt::format("is for CONNECT only, not for '{}'", type));
      }
    }
    out.upgrades.push_back({std::move(type), !upgrade.has_enabled() || upgrade.enabled().value()});
  }
}

config::HashPolicy compile_cookie(const RouteAction::HashPolicy::Cookie& from) {
  config::HashPolicy out;
  out.kind = config::HashPolicy::Kind::cookie;
  out.name = from.name();
  if (from.has_ttl()) out.cookie_ttl = std::chrono::seconds(from.ttl().seconds());
  out.cookie_path = from.path();
  for (const auto& attribute : from.attributes()) {
    out.cookie_attributes += "; " + attribute.name();
    if (!attribute.value().empty()) out.cookie_attributes += "=" + attribute.value();
  }
  return out;
}

// A redirect that the older fields ask for.
std::optional<envoy::config::route::v3::InternalRedirectPolicy> internal_redirect(
    const RouteAction& action) {
  if (action.has_internal_redirect_policy()) return action.internal_redirect_policy();
  if (action.internal_redirect_action() != RouteAction::HANDLE_INTERNAL_REDIRECT)
    return std::nullopt;
  envoy::config::route::v3::InternalRedirectPolicy policy;
  if (action.has_max_internal_redirects())
    *policy.mutable_max_internal_redirects() = action.max_internal_redirects();
  return policy;
}

}  // namespace

std::vector<config::HashPolicy> compile_hash_policies(const HashPolicies& policies,
                                                      FieldErrors& errors) {
  std::vector<config::HashPolicy> out;
  using Kind = config::HashPolicy::Kind;
  for (int i = 0; i < policies.size(); ++i) {
    const auto& policy = policies.Get(i);
    config::HashPolicy compiled;
    switch (policy.policy_specifier_case()) {
      case RouteAction::HashPolicy::kHeader:
        compiled.name = absl::AsciiStrToLower(policy.header().header_name());
        if (policy.header().has_regex_rewrite()) {
          compiled.rewrite =
              errors.take_nested(indexed("hash_policy", i) + ".header.regex_rewrite",
                                 compile_regex_rewrite(policy.header().regex_rewrite()));
        }
        break;
      case RouteAction::HashPolicy::kCookie:
        compiled = compile_cookie(policy.cookie());
        break;
      case RouteAction::HashPolicy::kConnectionProperties:
        if (!policy.connection_properties().source_ip()) continue;
        compiled.kind = Kind::source_ip;
        break;
      case RouteAction::HashPolicy::kQueryParameter:
        compiled.kind = Kind::query_parameter;
        compiled.name = policy.query_parameter().name();
        break;
      case RouteAction::HashPolicy::kFilterState:
        compiled.kind = Kind::filter_state;
        compiled.name = policy.filter_state().key();
        break;
      default:
        errors.add(indexed("hash_policy", i), "is of no kind that is supported");
        continue;
    }
    compiled.terminal = policy.terminal();
    out.push_back(std::move(compiled));
  }
  return out;
}

absl::StatusOr<config::ForwardAction> compile_forward(const RouteAction& action,
                                                      RouteScope& scope) {
  FieldErrors errors;
  config::ForwardAction out;
  // Before the clusters: those of a weighted route add to it.
  out.metadata_match = compile_subset_match(action.metadata_match());
  compile_cluster(action, scope, out, errors);
  compile_rewrites(action, out, errors);
  compile_timeouts(action, out, errors);
  out.retry = scope.retry;
  if (action.has_retry_policy()) {
    out.retry = std::make_shared<const config::RetryPolicy>(
        errors.take_nested("retry_policy", compile_retry_policy(action.retry_policy())));
  }
  out.mirrors = compile_mirrors(action.request_mirror_policies(), scope, errors);
  if (out.mirrors.empty()) out.mirrors = scope.mirrors;
  out.hash_policies = compile_hash_policies(action.hash_policy(), errors);
  out.hedge_on_per_try_timeout = action.has_hedge_policy()
                                     ? action.hedge_policy().hedge_on_per_try_timeout()
                                     : scope.hedge_on_per_try_timeout;
  if (auto redirect = internal_redirect(action)) {
    out.internal_redirect = std::make_shared<const config::InternalRedirectPolicy>(
        errors.take_nested("internal_redirect_policy", compile_internal_redirect(*redirect)));
  }
  for (int i = 0; i < action.rate_limits_size(); ++i) {
    out.rate_limits.push_back(
        errors.take_nested(indexed("rate_limits", i), compile_rate_limit(action.rate_limits(i))));
  }
  out.include_host_rate_limits = action.include_vh_rate_limits().value();
  compile_upgrades(action, out, errors);
  out.high_priority = action.priority() == envoy::config::core::v3::HIGH;
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
