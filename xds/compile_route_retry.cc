#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/extensions/retry/host/omit_canary_hosts/v3/omit_canary_hosts.pb.h"
#include "envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config.pb.h"
#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"
#include "envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.pb.h"

#include "xds/compile_matcher.h"
#include "xds/compile_metadata.h"
#include "xds/compile_route_parts.h"
#include "xds/compile_values.h"
#include "xds/unpack_any.h"

namespace outrigger::xds {
namespace {

using config::Milliseconds;
using envoy::config::route::v3::RetryPolicy;

void compile_back_off(const RetryPolicy::RetryBackOff& back_off, config::RetryPolicy& out,
                      FieldErrors& errors) {
  // Less than a millisecond is rounded up: a base of zero would make every delay zero.
  out.base_interval = std::max(Milliseconds(1), compile_duration("retry_back_off.base_interval",
                                                                 back_off.base_interval(), errors));
  out.max_interval = out.base_interval * 10;
  if (!back_off.has_max_interval()) return;
  out.max_interval = std::max(Milliseconds(1), compile_duration("retry_back_off.max_interval",
                                                                back_off.max_interval(), errors));
  if (out.max_interval < out.base_interval) {
    errors.add("retry_back_off.max_interval", "is less than base_interval");
  }
}

std::vector<config::HeaderMatch> compile_headers(
    std::string_view field,
    const google::protobuf::RepeatedPtrField<envoy::config::route::v3::HeaderMatcher>& matchers,
    FieldErrors& errors) {
  std::vector<config::HeaderMatch> out;
  for (int i = 0; i < matchers.size(); ++i) {
    out.push_back(errors.take_nested(indexed(field, i), compile_header_match(matchers.Get(i))));
  }
  return out;
}

// Each pick is cheap, but a worker does nothing else meanwhile.
constexpr int64_t kMaxHostPicks = 1000;

// Where hosts say what they are.
constexpr const char* kBalancing = "envoy.lb";

void compile_predicate(const RetryPolicy::RetryHostPredicate& predicate, const std::string& field,
                       config::RetryPolicy& out, FieldErrors& errors) {
  using envoy::extensions::retry::host::omit_canary_hosts::v3::OmitCanaryHostsPredicate;
  using envoy::extensions::retry::host::omit_host_metadata::v3::OmitHostMetadataConfig;
  using envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate;
  const auto& any = predicate.typed_config();
  if (is_type(any, PreviousHostsPredicate::descriptor()->full_name())) {
    out.avoid_previous_hosts = true;
  } else if (is_type(any, OmitCanaryHostsPredicate::descriptor()->full_name())) {
    out.avoid_canary_hosts = true;
  } else if (is_type(any, OmitHostMetadataConfig::descriptor()->full_name())) {
    auto message = unpack_any(any);
    if (!message.ok()) {
      errors.add(field, message.status());
      return;
    }
    const auto& config = static_cast<const OmitHostMetadataConfig&>(**message);
    const auto& filters = config.metadata_match().filter_metadata();
    auto found = filters.find(kBalancing);
    // Every host has all of nothing: without a criterion none is avoided.
    if (found == filters.end() || found->second.fields().empty()) return;
    out.avoided_metadata.push_back(compile_struct(found->second));
  } else {
    errors.add(field, fmt::format("'{}' is not supported by Outrigger", any.type_url()));
  }
}

void compile_host_choice(const RetryPolicy& policy, config::RetryPolicy& out, FieldErrors& errors) {
  for (int i = 0; i < policy.retry_host_predicate_size(); ++i) {
    compile_predicate(policy.retry_host_predicate(i),
                      indexed("retry_host_predicate", i) + ".typed_config", out, errors);
  }
  int64_t picks = policy.host_selection_retry_max_attempts();
  if (picks < 0) errors.add("host_selection_retry_max_attempts", "is negative");
  if (picks > 0) out.host_picks = static_cast<uint32_t>(std::min(picks, kMaxHostPicks));
}

void compile_priority_choice(const RetryPolicy& policy, config::RetryPolicy& out,
                             FieldErrors& errors) {
  using envoy::extensions::retry::priority::previous_priorities::v3::PreviousPrioritiesConfig;
  if (!policy.has_retry_priority()) return;
  const auto& any = policy.retry_priority().typed_config();
  if (!is_type(any, PreviousPrioritiesConfig::descriptor()->full_name())) {
    errors.add("retry_priority.typed_config",
               fmt::format("'{}' is not supported by Outrigger", any.type_url()));
    return;
  }
  auto message = unpack_any(any);
  if (!message.ok()) {
    errors.add("retry_priority.typed_config", message.status());
    return;
  }
  int32_t frequency = static_cast<const PreviousPrioritiesConfig&>(**message).update_frequency();
  if (frequency <= 0) errors.add("retry_priority.typed_config.update_frequency", "must be above 0");
  out.priority_update_frequency = static_cast<uint32_t>(std::max(frequency, 0));
}

void compile_rate_limited(const RetryPolicy::RateLimitedRetryBackOff& back_off,
                          config::RetryPolicy& out, FieldErrors& errors) {
  for (const auto& header : back_off.reset_headers()) {
    out.reset_headers.push_back(
        {absl::AsciiStrToLower(header.name()), header.format() == RetryPolicy::UNIX_TIMESTAMP});
  }
  if (back_off.has_max_interval()) {
    out.reset_max_interval = compile_duration("rate_limited_retry_back_off.max_interval",
                                              back_off.max_interval(), errors);
  }
}

}  // namespace

absl::StatusOr<config::RetryPolicy> compile_retry_policy(const RetryPolicy& policy) {
  FieldErrors errors;
  config::RetryPolicy out;
  // Unknown words count for nothing, as in Envoy: control planes send words of newer versions.
  out.on = config::retry_on::parse(policy.retry_on());
  if (policy.has_num_retries()) out.num_retries = policy.num_retries().value();
  if (policy.has_per_try_timeout()) {
    out.per_try_timeout = compile_duration("per_try_timeout", policy.per_try_timeout(), errors);
  }
  if (policy.has_per_try_idle_timeout()) {
    out.per_try_idle_timeout =
        compile_duration("per_try_idle_timeout", policy.per_try_idle_timeout(), errors);
  }
  out.retriable_status_codes.assign(policy.retriable_status_codes().begin(),
                                    policy.retriable_status_codes().end());
  out.retriable_headers = compile_headers("retriable_headers", policy.retriable_headers(), errors);
  out.retriable_request_headers =
      compile_headers("retriable_request_headers", policy.retriable_request_headers(), errors);
  compile_host_choice(policy, out, errors);
  compile_priority_choice(policy, out, errors);
  if (policy.has_rate_limited_retry_back_off())
    compile_rate_limited(policy.rate_limited_retry_back_off(), out, errors);
  if (policy.has_retry_back_off()) compile_back_off(policy.retry_back_off(), out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace outrigger::xds
