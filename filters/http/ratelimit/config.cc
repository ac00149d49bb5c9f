#include "filters/http/ratelimit/config.h"

#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/ratelimit/v3/rate_limit.pb.h"

#include "filters/http/ratelimit/filter.h"

namespace outrigger::filters::ratelimit {
namespace {

namespace pb = envoy::extensions::filters::http::ratelimit::v3;
using google::protobuf::util::TimeUtil;
using RateLimits = google::protobuf::RepeatedPtrField<envoy::config::route::v3::RateLimit>;

constexpr int kGrpcResourceExhausted = 8;
// Envoy's keys, for configurations that have none of their own.
constexpr const char* kEnabledKey = "ratelimit.http_filter_enabled";
constexpr const char* kEnforcedKey = "ratelimit.http_filter_enforcing";

absl::Status nested(std::string_view field, const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("{}.{}", field, std::string(status.message())));
}

absl::Status compile_limits(const RateLimits& limits, CompileContext& context,
                            std::vector<config::RateLimit>& out) {
  for (int i = 0; i < limits.size(); ++i) {
    auto limit = context.compile(limits[i]);
    if (!limit.ok()) return nested(fmt::format("rate_limits[{}]", i), limit.status());
    out.push_back(*std::move(limit));
  }
  return absl::OkStatus();
}

absl::Status compile_response(const pb::RateLimit& proto, CompileContext& context, Settings& out) {
  for (int i = 0; i < proto.response_headers_to_add_size(); ++i) {
    auto addition = context.compile(proto.response_headers_to_add(i));
    if (!addition.ok()) {
      return nested(fmt::format("response_headers_to_add[{}]", i), addition.status());
    }
    out.response.add.push_back(*std::move(addition));
  }
  return absl::OkStatus();
}

void compile_flags(const pb::RateLimit& proto, CompileContext& context, Settings& out) {
  out.domain = proto.domain();
  out.stage = proto.stage();
  out.of_internal = proto.request_type() != "external";
  out.of_external = proto.request_type() != "internal";
  if (proto.has_timeout()) {
    out.timeout = std::chrono::milliseconds(TimeUtil::DurationToMilliseconds(proto.timeout()));
  }
  out.failure_deny = proto.failure_mode_deny();
  if (proto.has_failure_mode_deny_percent()) {
    out.failure_deny_share = context.compile(proto.failure_mode_deny_percent());
  }
  out.enabled = proto.has_filter_enabled() ? context.compile(proto.filter_enabled())
                                           : config::RuntimeFraction{1'000'000, kEnabledKey};
  out.enforced = proto.has_filter_enforced() ? context.compile(proto.filter_enforced())
                                             : config::RuntimeFraction{1'000'000, kEnforcedKey};
  out.rate_limit_headers = proto.enable_x_ratelimit_headers() == pb::RateLimit::DRAFT_VERSION_03;
  out.say_rate_limited = !proto.disable_x_envoy_ratelimited_header();
  // As in Envoy, what is not an error is no refusal.
  if (int code = static_cast<int>(proto.rate_limited_status().code()); code >= 400) {
    out.limited_status = code;
  }
  if (proto.status_on_error().code() != 0) {
    out.error_status = static_cast<int>(proto.status_on_error().code());
  }
  if (proto.rate_limited_as_resource_exhausted()) out.grpc_status = kGrpcResourceExhausted;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::RateLimit&>(config);
  Settings settings;
  auto service = context.compile(proto.rate_limit_service().grpc_service());
  if (!service.ok()) return nested("rate_limit_service.grpc_service", service.status());
  settings.service = *std::move(service);
  compile_flags(proto, context, settings);
  if (absl::Status status = compile_limits(proto.rate_limits(), context, settings.rate_limits);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = compile_response(proto, context, settings); !status.ok()) {
    return status;
  }
  std::string part = "ratelimit.";
  if (!proto.stat_prefix().empty()) part += proto.stat_prefix() + ".";
  return std::make_shared<RateLimitFactory>(
      std::move(settings), std::make_unique<Counters>(context.stats(), std::move(part)));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const pb::RateLimitPerRoute&>(config);
  auto route = std::make_shared<RateLimitRouteConfig>();
  if (proto.vh_rate_limits() == pb::RateLimitPerRoute::INCLUDE) {
    route->of_host = HostRateLimits::included;
  } else if (proto.vh_rate_limits() == pb::RateLimitPerRoute::IGNORE) {
    route->of_host = HostRateLimits::ignored;
  }
  if (absl::Status status = compile_limits(proto.rate_limits(), context, route->rate_limits);
      !status.ok()) {
    return status;
  }
  route->domain = proto.domain();
  return route;
}

}  // namespace outrigger::filters::ratelimit
