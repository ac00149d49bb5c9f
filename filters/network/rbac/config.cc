#include "filters/network/rbac/config.h"

#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/network/rbac/v3/rbac.pb.h"

#include "filters/network/rbac/filter.h"

namespace outrigger::filters::network_rbac {
namespace {

using envoy::extensions::filters::network::rbac::v3::RBAC;
using google::protobuf::util::TimeUtil;

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

absl::Status compile_rules(const RBAC& message, CompileContext& context, Settings& out) {
  if (message.has_matcher()) {
    auto rules = context.compile(message.matcher(), RbacSubject::connection);
    if (!rules.ok()) return inside("matcher", rules.status());
    out.rules = *std::move(rules);
  } else if (message.has_rules()) {
    auto rules = context.compile(message.rules(), RbacSubject::connection);
    if (!rules.ok()) return inside("rules", rules.status());
    out.rules = *std::move(rules);
  }
  if (message.has_shadow_matcher()) {
    auto rules = context.compile(message.shadow_matcher(), RbacSubject::connection);
    if (!rules.ok()) return inside("shadow_matcher", rules.status());
    out.shadow_rules = *std::move(rules);
  } else if (message.has_shadow_rules()) {
    auto rules = context.compile(message.shadow_rules(), RbacSubject::connection);
    if (!rules.ok()) return inside("shadow_rules", rules.status());
    out.shadow_rules = *std::move(rules);
  }
  return absl::OkStatus();
}

// "tcp" and "tcp." are the same.
std::string with_dot(const std::string& prefix) {
  return prefix.empty() || prefix.back() == '.' ? prefix : prefix + ".";
}

}  // namespace

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const RBAC&>(config);
  Settings settings;
  if (absl::Status status = compile_rules(message, context, settings); !status.ok()) return status;
  settings.shadow_prefix = message.shadow_rules_stat_prefix();
  settings.continuous = message.enforcement_type() == RBAC::CONTINUOUS;
  if (message.has_delay_deny()) {
    settings.delay_deny =
        std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(message.delay_deny()));
  }
  std::string name = with_dot(message.stat_prefix());
  std::string prefix = name + "rbac.";
  std::string shadow = with_dot(message.shadow_rules_stat_prefix());
  std::vector<StatTag> tags;
  if (!name.empty()) tags.push_back({"envoy.rbac_prefix", name.substr(0, name.size() - 1)});
  settings.stats = context.stats().scope<RbacStats>(prefix, "rbac.", tags);
  settings.shadow_stats =
      context.stats().scope<RbacShadowStats>(prefix + shadow, "rbac." + shadow, tags);
  return std::make_shared<RbacFactory>(std::move(settings));
}

}  // namespace outrigger::filters::network_rbac
