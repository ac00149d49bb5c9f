#include "proxy/route/retry_condition.h"

#include <algorithm>
#include <new>
#include <optional>

#include "proxy/route/header_match.h"

namespace outrigger::route {
namespace {

using http::HeaderId;
using http::ResetReason;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The items of a comma-separated list that `parse` understands, in the arena.
template <class T, class Parse>
std::span<const T> parse_list(std::string_view list, Arena& arena, Parse parse) {
  if (list.empty()) return {};
  auto capacity = static_cast<size_t>(std::ranges::count(list, ',')) + 1;
  T* items = static_cast<T*>(arena.allocate(sizeof(T) * capacity, alignof(T)));
  size_t count = 0;
  for (;;) {
    size_t comma = list.find(',');
    std::optional<T> item = parse(trim(list.substr(0, comma)));
    if (item) new (&items[count++]) T(*item);
    if (comma == std::string_view::npos) return {items, count};
    list.remove_prefix(comma + 1);
  }
}

std::optional<uint32_t> parse_code(std::string_view text) {
  uint64_t code = 0;
  if (!http::parse_decimal(text, code) || code > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(code);
}

std::optional<std::string_view> parse_name(std::string_view text, Arena& arena) {
  if (text.empty()) return std::nullopt;
  char* lower = arena.allocate_chars(text.size());
  std::ranges::transform(text, lower, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return std::string_view(lower, text.size());
}

bool request_qualifies(const config::RetryPolicy& policy, http::HeaderMap& request) {
  return policy.retriable_request_headers.empty() ||
         matches_any(policy.retriable_request_headers, request, request.arena());
}

// Any of the conditions on the response's code.
bool status_matches(const RetryRules& rules, uint64_t status) {
  using namespace config::retry_on;
  if ((rules.on & server_error) != 0 && status >= 500 && status < 600) return true;
  if ((rules.on & gateway_error) != 0 && status >= 502 && status <= 504) return true;
  if ((rules.on & retriable_4xx) != 0 && status == 409) return true;
  if ((rules.on & retriable_status_codes) == 0) return false;
  return std::ranges::find(rules.more_status_codes, status) != rules.more_status_codes.end() ||
         (rules.policy != nullptr &&
          std::ranges::find(rules.policy->retriable_status_codes, status) !=
              rules.policy->retriable_status_codes.end());
}

bool headers_match(const RetryRules& rules, const http::HeaderMap& response, Arena& scratch) {
  if ((rules.on & config::retry_on::retriable_headers) == 0) return false;
  if (rules.policy != nullptr && matches_any(rules.policy->retriable_headers, response, scratch)) {
    return true;
  }
  return std::ranges::any_of(rules.more_header_names, [&response](std::string_view name) {
    return response.find(name) != nullptr;
  });
}

// The bit that asks for retries of a gRPC status code; 0: none does.
uint32_t grpc_bit(uint64_t status) {
  switch (status) {
    case 1:
      return config::retry_on::grpc_cancelled;
    case 4:
      return config::retry_on::grpc_deadline_exceeded;
    case 8:
      return config::retry_on::grpc_resource_exhausted;
    case 13:
      return config::retry_on::grpc_internal;
    case 14:
      return config::retry_on::grpc_unavailable;
    default:
      return 0;
  }
}

bool grpc_matches(const RetryRules& rules, const http::HeaderMap& response) {
  uint64_t status = 0;
  return http::parse_decimal(response.get(HeaderId::grpc_status), status) &&
         (rules.on & grpc_bit(status)) != 0;
}

}  // namespace

bool take_hedging(bool configured, http::HeaderMap& request) {
  std::string_view asked = request.get(HeaderId::x_envoy_hedge_on_per_try_timeout);
  if (asked == "true") configured = true;
  if (asked == "false") configured = false;
  request.remove(HeaderId::x_envoy_hedge_on_per_try_timeout);
  return configured;
}

RetryRules take_retry_rules(const config::RetryPolicy* policy, http::HeaderMap& request) {
  RetryRules rules;
  rules.policy = policy;
  rules.on = policy == nullptr ? 0 : policy->on;
  rules.on |= config::retry_on::parse(request.get(HeaderId::x_envoy_retry_on));
  rules.on |= config::retry_on::parse_grpc(request.get(HeaderId::x_envoy_retry_grpc_on));
  rules.retries = policy == nullptr ? 1 : policy->num_retries;
  if (rules.enabled() && policy != nullptr && !request_qualifies(*policy, request)) rules.on = 0;
  if (rules.enabled()) {
    Arena& arena = request.arena();
    if (auto retries = parse_code(request.get(HeaderId::x_envoy_max_retries))) {
      rules.retries = *retries;
    }
    rules.more_status_codes = parse_list<uint32_t>(
        request.get(HeaderId::x_envoy_retriable_status_codes), arena, parse_code);
    rules.more_header_names = parse_list<std::string_view>(
        request.get(HeaderId::x_envoy_retriable_header_names), arena,
        [&arena](std::string_view text) { return parse_name(text, arena); });
  }
  for (HeaderId id :
       {HeaderId::x_envoy_retry_on, HeaderId::x_envoy_retry_grpc_on, HeaderId::x_envoy_max_retries,
        HeaderId::x_envoy_retriable_status_codes, HeaderId::x_envoy_retriable_header_names}) {
    request.remove(id);
  }
  return rules;
}

bool should_retry(const RetryRules& rules, const http::HeaderMap& response, Arena& scratch) {
  if (!rules.enabled()) return false;
  // An upstream proxy limited the rate: more requests would not help, unless asked for.
  if (response.find("x-envoy-ratelimited") != nullptr) {
    return (rules.on & config::retry_on::envoy_ratelimited) != 0;
  }
  uint64_t status = 0;
  http::parse_decimal(response.get(HeaderId::status), status);
  return status_matches(rules, status) || headers_match(rules, response, scratch) ||
         grpc_matches(rules, response);
}

bool should_retry(const RetryRules& rules, ResetReason reason, bool request_started) {
  using namespace config::retry_on;
  // A circuit breaker's "no" is meant to be heard.
  if (!rules.enabled() || reason == ResetReason::overflow) return false;
  if ((rules.on & connect_failure) != 0 && reason == ResetReason::connection_failure) return true;
  if ((rules.on & reset_before_request) != 0 && !request_started) return true;
  // A reset would become a 503, so the conditions on such codes cover it.
  if ((rules.on & (reset | server_error | gateway_error)) != 0) return true;
  return (rules.on & refused_stream) != 0 && reason == ResetReason::remote_refused_stream;
}

std::optional<std::chrono::milliseconds> rate_limited_delay(
    const RetryRules& rules, const http::HeaderMap& response,
    std::chrono::system_clock::time_point now, uint64_t random) {
  using std::chrono::milliseconds;
  if (rules.policy == nullptr) return std::nullopt;
  auto unix_now = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  for (const config::RetryPolicy::ResetHeader& header : rules.policy->reset_headers) {
    uint64_t seconds = 0;
    if (!http::parse_decimal(response.get(header.name), seconds)) continue;
    if (header.unix_timestamp) {
      if (seconds < static_cast<uint64_t>(unix_now)) continue;
      seconds -= static_cast<uint64_t>(unix_now);
    }
    auto limit = static_cast<uint64_t>(rules.policy->reset_max_interval.count());
    if (seconds > limit / 1000) continue;
    uint64_t interval = seconds * 1000;
    if (interval == 0) return std::nullopt;
    return milliseconds(interval + random % (interval / 2));
  }
  return std::nullopt;
}

std::chrono::milliseconds retry_delay(const RetryRules& rules, uint32_t retry, uint64_t random) {
  config::RetryPolicy defaults;
  const config::RetryPolicy& policy = rules.policy == nullptr ? defaults : *rules.policy;
  uint64_t limit = static_cast<uint64_t>(policy.base_interval.count());
  auto max = static_cast<uint64_t>(policy.max_interval.count());
  for (uint32_t i = 1; i < retry && limit < max; ++i) limit *= 2;
  limit = std::clamp<uint64_t>(limit, 1, std::max<uint64_t>(max, 1));
  return std::chrono::milliseconds(random % limit);
}

}  // namespace outrigger::route
