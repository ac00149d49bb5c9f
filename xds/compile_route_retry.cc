#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h"

#include "xds/compile_matcher.h"
#include "xds/compile_route_parts.h"
#include "xds/compile_values.h"

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

void compile_host_choice(const RetryPolicy& policy, config::RetryPolicy& out, FieldErrors& errors) {
  using envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate;
  for (int i = 0; i < policy.retry_host_predicate_size(); ++i) {
    const auto& predicate = policy.retry_host_predicate(i);
    if (is_type(predicate.typed_config(), PreviousHostsPredicate::descriptor()->full_name())) {
      out.avoid_previous_hosts = true;
    } else {
      errors.add(
          indexed("retry_host_predicate", i) + ".typed_config",
          fmt::format("'{}' is not supported by Outrigger", predicate.typed_config().type_url()));
    }
  }
  int64_t picks = policy.host_selection_retry_max_attempts();
  if (picks < 0) errors.add("host_selection_retry_max_attempts", "is negative");
  if (picks > 0) out.host_picks = static_cast<uint32_t>(std::min(picks, kMaxHostPicks));
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
  if (policy.has_retry_back_off()) compile_back_off(policy.retry_back_off(), out, errors);
  if (!errors.empty()) return errors.status();
  return out;
}

std::vector<config::MirrorPolicy> compile_mirrors(const MirrorPolicies& mirrors, RouteScope& scope,
                                                  FieldErrors& errors) {
  std::vector<config::MirrorPolicy> out;
  for (int i = 0; i < mirrors.size(); ++i) {
    const auto& mirror = mirrors.Get(i);
    std::string field = indexed("request_mirror_policies", i);
    config::MirrorPolicy policy;
    if (mirror.cluster().empty() == mirror.cluster_header().empty()) {
      errors.add(field, "exactly one of cluster and cluster_header must be set");
    } else if (!mirror.cluster().empty()) {
      policy.cluster = scope.cluster(field + ".cluster", mirror.cluster(), errors);
    } else {
      policy.cluster_header = absl::AsciiStrToLower(mirror.cluster_header());
    }
    if (mirror.has_runtime_fraction()) {
      policy.fraction = compile_runtime_fraction(mirror.runtime_fraction());
    }
    policy.disable_shadow_host_suffix = mirror.disable_shadow_host_suffix_append();
    out.push_back(std::move(policy));
  }
  return out;
}

}  // namespace outrigger::xds
