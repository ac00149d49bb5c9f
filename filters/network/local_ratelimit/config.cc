#include "filters/network/local_ratelimit/config.h"

#include "google/protobuf/util/time_util.h"
#include <fmt/format.h>

#include "envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit.pb.h"

#include "filters/network/local_ratelimit/filter.h"

namespace outrigger::filters::local_ratelimit {
namespace {

using envoy::extensions::filters::network::local_ratelimit::v3::LocalRateLimit;
using google::protobuf::util::TimeUtil;

// Envoy's: a shorter interval would cost more than it limits.
constexpr std::chrono::milliseconds kMinInterval{50};

absl::StatusOr<BucketSettings> compile_bucket(const envoy::type::v3::TokenBucket& message) {
  BucketSettings out;
  out.max_tokens = message.max_tokens();
  if (message.has_tokens_per_fill()) out.tokens_per_fill = message.tokens_per_fill().value();
  out.fill_interval =
      std::chrono::nanoseconds(TimeUtil::DurationToNanoseconds(message.fill_interval()));
  if (out.fill_interval < kMinInterval)
    return absl::InvalidArgumentError("token_bucket.fill_interval: must be at least 50ms");
  return out;
}

// Filters of the same share_key use one bucket, which can have only one rate.
absl::StatusOr<std::shared_ptr<TokenBucket>> find_bucket(const std::string& share_key,
                                                         const BucketSettings& settings,
                                                         CompileContext& context) {
  auto make = [&] { return std::make_shared<TokenBucket>(settings); };
  if (share_key.empty()) return make();
  auto shared = std::static_pointer_cast<TokenBucket>(
      context.share("network.local_ratelimit." + share_key, make));
  if (shared->settings() == settings) return shared;
  return absl::InvalidArgumentError(
      fmt::format("share_key: '{}' is used with another token_bucket already", share_key));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context) {
  const auto& message = static_cast<const LocalRateLimit&>(config);
  auto bucket_settings = compile_bucket(message.token_bucket());
  if (!bucket_settings.ok()) return bucket_settings.status();
  auto bucket = find_bucket(message.share_key(), *bucket_settings, context);
  if (!bucket.ok()) return bucket.status();
  Settings settings;
  settings.bucket = *std::move(bucket);
  if (message.has_runtime_enabled()) {
    settings.enabled = message.runtime_enabled().default_value().value();
    settings.runtime_key = message.runtime_enabled().runtime_key();
  }
  settings.stats = context.stats().scope<LocalRateLimitStats>(
      "local_rate_limit." + message.stat_prefix() + ".", "local_rate_limit.",
      {{"envoy.local_network_ratelimit_prefix", message.stat_prefix()}});
  return std::make_shared<LocalRateLimitFactory>(std::move(settings));
}

}  // namespace outrigger::filters::local_ratelimit
