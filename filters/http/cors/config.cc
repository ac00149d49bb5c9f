#include "filters/http/cors/config.h"

#include <optional>
#include <string>

#include "google/protobuf/wrappers.pb.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/cors/filter.h"

namespace outrigger::filters::cors {
namespace {

std::optional<bool> given(bool has, const google::protobuf::BoolValue& value) {
  return has ? std::optional<bool>(value.value()) : std::nullopt;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& /*config*/, CompileContext& context) {
  return std::make_shared<CorsFactory>(filter_stats<CorsStats>(context, "cors."));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::http::cors::v3::CorsPolicy&>(config);
  auto policy = std::make_shared<CorsPolicy>();
  for (int i = 0; i < proto.allow_origin_string_match_size(); ++i) {
    auto matcher = context.compile(proto.allow_origin_string_match(i));
    if (!matcher.ok()) {
      return absl::InvalidArgumentError(fmt::format("allow_origin_string_match[{}].{}", i,
                                                    std::string(matcher.status().message())));
    }
    policy->allow_origins.push_back(*std::move(matcher));
  }
  policy->allow_methods = proto.allow_methods();
  policy->allow_headers = proto.allow_headers();
  policy->expose_headers = proto.expose_headers();
  policy->max_age = proto.max_age();
  policy->allow_credentials = given(proto.has_allow_credentials(), proto.allow_credentials());
  policy->allow_private_network_access =
      given(proto.has_allow_private_network_access(), proto.allow_private_network_access());
  policy->forward_not_matching_preflights =
      given(proto.has_forward_not_matching_preflights(), proto.forward_not_matching_preflights());
  if (proto.has_filter_enabled()) policy->filter_enabled = context.compile(proto.filter_enabled());
  if (proto.has_shadow_enabled()) policy->shadow_enabled = context.compile(proto.shadow_enabled());
  return policy;
}

}  // namespace outrigger::filters::cors
