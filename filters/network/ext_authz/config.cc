#include "filters/network/ext_authz/config.h"

#include <string>

#include <fmt/format.h>

#include "envoy/extensions/filters/network/ext_authz/v3/ext_authz.pb.h"

#include "filters/network/ext_authz/filter.h"

namespace outrigger::filters::network_ext_authz {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message =
      static_cast<const envoy::extensions::filters::network::ext_authz::v3::ExtAuthz&>(config);
  Settings settings;
  settings.failure_allows = message.failure_mode_allow();
  if (message.has_filter_enabled_metadata()) {
    auto matcher = context.compile(message.filter_enabled_metadata());
    if (!matcher.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("filter_enabled_metadata.{}", std::string(matcher.status().message())));
    }
    settings.enabled_by = *std::move(matcher);
  }
  settings.stats = context.stats().scope<ExtAuthzStats>(
      fmt::format("ext_authz.{}.", message.stat_prefix()), "ext_authz.",
      {{"envoy.ext_authz_prefix", message.stat_prefix()}});
  return std::make_shared<ExtAuthzFactory>(std::move(settings));
}

}  // namespace outrigger::filters::network_ext_authz
