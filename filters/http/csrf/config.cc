#include "filters/http/csrf/config.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "envoy/extensions/filters/http/csrf/v3/csrf.pb.h"

#include "api/filter/filter_stats.h"
#include "filters/http/csrf/filter.h"

namespace outrigger::filters::csrf {
namespace {

absl::StatusOr<std::shared_ptr<const Policy>> compile_policy(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::http::csrf::v3::CsrfPolicy&>(config);
  auto out = std::make_shared<Policy>();
  out->enabled = context.compile(proto.filter_enabled());
  if (proto.has_shadow_enabled()) out->shadow_enabled = context.compile(proto.shadow_enabled());
  for (int i = 0; i < proto.additional_origins_size(); ++i) {
    auto matcher = context.compile(proto.additional_origins(i));
    if (!matcher.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("additional_origins[{}].{}", i, std::string(matcher.status().message())));
    }
    out->additional_origins.push_back(*std::move(matcher));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto policy = compile_policy(config, context);
  if (!policy.ok()) return policy.status();
  return std::make_shared<CsrfFactory>(*std::move(policy),
                                       filter_stats<CsrfStats>(context, "csrf."));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  auto policy = compile_policy(config, context);
  if (!policy.ok()) return policy.status();
  return *std::move(policy);
}

}  // namespace outrigger::filters::csrf
