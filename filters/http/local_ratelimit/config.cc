#include "filters/http/local_ratelimit/config.h"

#include <string>
#include <utility>

#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.pb.h"

#include "filters/http/local_ratelimit/filter.h"

namespace outrigger::filters::http_local_ratelimit {
namespace {

using envoy::extensions::filters::http::local_ratelimit::v3::LocalRateLimit;
using google::protobuf::util::TimeUtil;
using Options = google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>;

constexpr int64_t kMinFillMilliseconds = 50;  // Envoy's
constexpr int kGrpcResourceExhausted = 8;

absl::Status invalid(std::string_view field, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, problem));
}

absl::Status nested(std::string_view field, const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("{}.{}", field, std::string(status.message())));
}

absl::StatusOr<BucketSettings> compile_bucket(std::string_view field,
                                              const envoy::type::v3::TokenBucket& bucket) {
  int64_t interval = TimeUtil::DurationToMilliseconds(bucket.fill_interval());
  if (interval < kMinFillMilliseconds) {
    return invalid(fmt::format("{}.fill_interval", field),
                   fmt::format("{} ms is shorter than {} ms", interval, kMinFillMilliseconds));
  }
  BucketSettings out;
  out.max_tokens = bucket.max_tokens();
  out.tokens_per_fill = bucket.has_tokens_per_fill() ? bucket.tokens_per_fill().value() : 1;
  out.fill_interval =
      std::chrono::nanoseconds(TimeUtil::DurationToNanoseconds(bucket.fill_interval()));
  return out;
}

absl::Status compile_buckets(const LocalRateLimit& proto, Limiter& limiter) {
  if (proto.has_token_bucket()) {
    auto bucket = compile_bucket("token_bucket", proto.token_bucket());
    if (!bucket.ok()) return bucket.status();
    limiter.set_default(*bucket);
  }
  limiter.set_always_takes_default(!proto.has_always_consume_default_token_bucket() ||
                                   proto.always_consume_default_token_bucket().value());
  for (int i = 0; i < proto.descriptors_size(); ++i) {
    std::string field = fmt::format("descriptors[{}]", i);
    auto bucket = compile_bucket(field + ".token_bucket", proto.descriptors(i).token_bucket());
    if (!bucket.ok()) return bucket.status();
    Limiter::Entries entries;
    for (const auto& entry : proto.descriptors(i).entries()) {
      if (entry.value().empty()) {
        return invalid(fmt::format("{}.entries[{}].value", field, entries.size()),
                       "a descriptor of any value is not supported by Outrigger");
      }
      entries.emplace_back(entry.key(), entry.value());
    }
    limiter.add(std::move(entries), *bucket);
  }
  return absl::OkStatus();
}

absl::Status compile_additions(std::string_view field, const Options& options,
                               CompileContext& context, config::HeaderMutations& out) {
  for (int i = 0; i < options.size(); ++i) {
    auto addition = context.compile(options[i]);
    if (!addition.ok()) return nested(fmt::format("{}[{}]", field, i), addition.status());
    out.add.push_back(*std::move(addition));
  }
  return absl::OkStatus();
}

HostRateLimits compile_host_limits(const LocalRateLimit& proto) {
  switch (proto.vh_rate_limits()) {
    case envoy::extensions::common::ratelimit::v3::INCLUDE:
      return HostRateLimits::included;
    case envoy::extensions::common::ratelimit::v3::IGNORE:
      return HostRateLimits::ignored;
    default:
      return HostRateLimits::overridden;
  }
}

absl::StatusOr<Settings> compile_settings(const LocalRateLimit& proto, CompileContext& context) {
  Settings out;
  // As in Envoy, what is not an error is no refusal.
  if (int code = static_cast<int>(proto.status().code()); code >= 400) out.status = code;
  if (proto.has_filter_enabled()) out.enabled = context.compile(proto.filter_enabled());
  if (proto.has_filter_enforced()) out.enforced = context.compile(proto.filter_enforced());
  if (absl::Status status = compile_buckets(proto, *out.limiter); !status.ok()) return status;
  absl::Status status = compile_additions("request_headers_to_add_when_not_enforced",
                                          proto.request_headers_to_add_when_not_enforced(), context,
                                          out.request_when_not_enforced);
  if (!status.ok()) return status;
  status = compile_additions("response_headers_to_add", proto.response_headers_to_add(), context,
                             out.response);
  if (!status.ok()) return status;
  for (int i = 0; i < proto.rate_limits_size(); ++i) {
    auto limit = context.compile(proto.rate_limits(i));
    if (!limit.ok()) return nested(fmt::format("rate_limits[{}]", i), limit.status());
    out.rate_limits.push_back(*std::move(limit));
  }
  out.per_connection = proto.local_rate_limit_per_downstream_connection();
  out.stage = proto.stage();
  out.of_host = compile_host_limits(proto);
  out.rate_limit_headers = proto.enable_x_ratelimit_headers() ==
                           envoy::extensions::common::ratelimit::v3::DRAFT_VERSION_03;
  if (proto.rate_limited_as_resource_exhausted()) out.grpc_status = kGrpcResourceExhausted;
  out.stats = context.stats().scope<LocalRateLimitStats>(
      proto.stat_prefix() + ".http_local_rate_limit.", "http_local_rate_limit.",
      {{"envoy.local_http_ratelimit_prefix", proto.stat_prefix()}});
  return out;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  auto settings = compile_settings(static_cast<const LocalRateLimit&>(config), context);
  if (!settings.ok()) return settings.status();
  return std::make_shared<LocalRateLimitFactory>(*std::move(settings));
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& proto = static_cast<const LocalRateLimit&>(config);
  if (!proto.has_token_bucket()) {
    return invalid("token_bucket", "must be set in the configuration of a route");
  }
  auto settings = compile_settings(proto, context);
  if (!settings.ok()) return settings.status();
  auto route = std::make_shared<LocalRateLimitRouteConfig>();
  route->settings = *std::move(settings);
  return route;
}

}  // namespace outrigger::filters::http_local_ratelimit
