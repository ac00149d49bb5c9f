#include "filters/http/rbac/config.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/rbac/v3/rbac.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/rbac/filter.h"

namespace outrigger::filters::http_rbac {
namespace {

using envoy::extensions::filters::http::rbac::v3::RBAC;
using envoy::extensions::filters::http::rbac::v3::RBACPerRoute;

// Every line of an error opens with a path inside `field`.
absl::Status inside(std::string_view field, const absl::Status& status) {
  std::string out;
  std::string message(status.message());
  for (size_t at = 0; at <= message.size();) {
    size_t end = std::min(message.find('\n', at), message.size());
    out += fmt::format("{}{}.{}", out.empty() ? "" : "\n", field, message.substr(at, end - at));
    at = end + 1;
  }
  return absl::InvalidArgumentError(out);
}

absl::StatusOr<Rules> compile_rules(const RBAC& message, CompileContext& context) {
  Rules out;
  if (message.has_matcher()) {
    auto rules = context.compile(message.matcher(), RbacSubject::request);
    if (!rules.ok()) return inside("matcher", rules.status());
    out.enforced = *std::move(rules);
  } else if (message.has_rules()) {
    auto rules = context.compile(message.rules(), RbacSubject::request);
    if (!rules.ok()) return inside("rules", rules.status());
    out.enforced = *std::move(rules);
  }
  if (message.has_shadow_matcher()) {
    auto rules = context.compile(message.shadow_matcher(), RbacSubject::request);
    if (!rules.ok()) return inside("shadow_matcher", rules.status());
    out.shadow = *std::move(rules);
  } else if (message.has_shadow_rules()) {
    auto rules = context.compile(message.shadow_rules(), RbacSubject::request);
    if (!rules.ok()) return inside("shadow_rules", rules.status());
    out.shadow = *std::move(rules);
  }
  out.enforced_prefix = message.rules_stat_prefix();
  out.shadow_prefix = message.shadow_rules_stat_prefix();
  return out;
}

// "rbac." or "rbac.<prefix>."
std::string stats_part(const std::string& prefix) {
  if (prefix.empty()) return "rbac.";
  return fmt::format("rbac.{}{}", prefix, prefix.back() == '.' ? "" : ".");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const RBAC&>(config);
  auto rules = compile_rules(message, context);
  if (!rules.ok()) return rules.status();
  Settings settings{
      *std::move(rules), filter_stats<RbacStats>(context, stats_part(message.rules_stat_prefix())),
      filter_stats<RbacShadowStats>(context, stats_part(message.shadow_rules_stat_prefix()))};
  return std::make_shared<RbacFactory>(std::move(settings));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const RBACPerRoute&>(config);
  auto out = std::make_shared<RouteRules>();
  if (!message.has_rbac()) return out;
  auto rules = compile_rules(message.rbac(), context);
  if (!rules.ok()) return inside("rbac", rules.status());
  out->rules = *std::move(rules);
  return out;
}

}  // namespace outrigger::filters::http_rbac
