#include "proxy/route/timeout.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace outrigger::route {
namespace {

using config::ForwardAction;
using config::Milliseconds;
using http::HeaderId;

// A header can ask for more than a timer can hold: a year is as good as for ever.
constexpr uint64_t kMaxMilliseconds = uint64_t{366} * 24 * 60 * 60 * 1000;

std::string_view decimal(uint64_t number, Arena& arena) {
  constexpr size_t kDigits = 20;
  char* text = arena.allocate_chars(kDigits);
  auto [end, error] = std::to_chars(text, text + kDigits, number);
  return {text, static_cast<size_t>(end - text)};
}

std::optional<Milliseconds> header_timeout(const http::HeaderMap& headers, HeaderId id) {
  uint64_t number = 0;
  if (!http::parse_decimal(headers.get(id), number)) return std::nullopt;
  return Milliseconds(std::min(number, kMaxMilliseconds));
}

// grpc-timeout as the route's timeout: shortened by the offset, capped; 0: none.
Milliseconds grpc_route_timeout(const ForwardAction& action, const http::HeaderMap& request) {
  Milliseconds timeout = grpc_timeout(request).value_or(Milliseconds(0));
  if (action.grpc_timeout_header_offset && *action.grpc_timeout_header_offset < timeout) {
    timeout -= *action.grpc_timeout_header_offset;
  }
  Milliseconds max(*action.max_grpc_timeout_ms);
  if (max.count() != 0 && (timeout.count() == 0 || timeout > max)) timeout = max;
  return timeout;
}

Milliseconds take_global(const ForwardAction& action, http::HeaderMap& request,
                         TimeoutOptions options) {
  Milliseconds timeout = options.grpc && action.max_grpc_timeout_ms
                             ? grpc_route_timeout(action, request)
                             : action.timeout;
  if (options.respect_expected_rq_timeout &&
      request.has(HeaderId::x_envoy_expected_rq_timeout_ms)) {
    // Set by a proxy before us, which has dealt with the other header.
    return header_timeout(request, HeaderId::x_envoy_expected_rq_timeout_ms).value_or(timeout);
  }
  auto asked = header_timeout(request, HeaderId::x_envoy_upstream_rq_timeout_ms);
  request.remove(HeaderId::x_envoy_upstream_rq_timeout_ms);
  return asked.value_or(timeout);
}

Milliseconds take_per_try(const ForwardAction& action, http::HeaderMap& request,
                          Milliseconds global) {
  Milliseconds timeout{0};
  if (action.retry != nullptr) timeout = action.retry->per_try_timeout.value_or(timeout);
  auto asked = header_timeout(request, HeaderId::x_envoy_upstream_rq_per_try_timeout_ms);
  request.remove(HeaderId::x_envoy_upstream_rq_per_try_timeout_ms);
  timeout = asked.value_or(timeout);
  // One that the global timeout always beats is none.
  return global.count() != 0 && timeout >= global ? Milliseconds(0) : timeout;
}

// max_stream_duration, whose limits take the place of the route's timeout.
bool limits_stream(const ForwardAction& action) {
  return action.max_stream_duration || action.grpc_timeout_header_max;
}

Milliseconds limited_grpc_timeout(const ForwardAction& action, Milliseconds timeout) {
  Milliseconds max = *action.grpc_timeout_header_max;
  if (max.count() != 0) timeout = std::min(timeout, max);
  if (action.grpc_timeout_header_offset) timeout -= *action.grpc_timeout_header_offset;
  return std::max(timeout, Milliseconds(0));
}

}  // namespace

RequestTimeouts take_timeouts(const ForwardAction& action, http::HeaderMap& request,
                              TimeoutOptions options) {
  RequestTimeouts timeouts;
  timeouts.global = take_global(action, request, options);
  timeouts.per_try = take_per_try(action, request, timeouts.global);
  if (action.retry != nullptr) {
    timeouts.per_try_idle = action.retry->per_try_idle_timeout.value_or(Milliseconds(0));
  }
  timeouts.stream = header_timeout(request, HeaderId::x_envoy_upstream_stream_duration_ms);
  request.remove(HeaderId::x_envoy_upstream_stream_duration_ms);
  timeouts.empty_answer = request.remove(HeaderId::x_envoy_upstream_rq_timeout_alt_response) > 0;
  set_timeout_headers(action, timeouts, Milliseconds(0), request, options);
  return timeouts;
}

void set_timeout_headers(const ForwardAction& action, const RequestTimeouts& timeouts,
                         Milliseconds elapsed, http::HeaderMap& request, TimeoutOptions options) {
  bool by_try = timeouts.per_try.count() != 0 && !options.hedging;
  Milliseconds expected = by_try ? timeouts.per_try : timeouts.global;
  if (expected.count() == 0) return;
  if (timeouts.global.count() != 0) {
    // 0 would mean for ever: somebody out of time gets the shortest there is.
    expected = elapsed >= timeouts.global ? Milliseconds(1)
                                          : std::min(expected, timeouts.global - elapsed);
  }
  if (options.envoy_headers) {
    request.set(HeaderId::x_envoy_expected_rq_timeout_ms,
                decimal(static_cast<uint64_t>(expected.count()), request.arena()));
  }
  if (options.grpc && action.max_grpc_timeout_ms) set_grpc_timeout(expected, request);
}

std::optional<Milliseconds> take_stream_duration(const ForwardAction& action,
                                                 Milliseconds default_limit,
                                                 http::HeaderMap& request) {
  std::optional<Milliseconds> asked;
  if (action.grpc_timeout_header_max) asked = grpc_timeout(request);
  Milliseconds limit = asked ? limited_grpc_timeout(action, *asked)
                             : action.max_stream_duration.value_or(default_limit);
  // A grpc-timeout of 0 is a stream that is over; a configured 0 is no limit.
  if (limit.count() == 0 && !asked) return std::nullopt;
  if (limits_stream(action) && is_grpc(request)) set_grpc_timeout(limit, request);
  return limit;
}

bool is_grpc(const http::HeaderMap& headers) {
  std::string_view type = headers.get(HeaderId::content_type);
  constexpr std::string_view kGrpc = "application/grpc";
  return type.starts_with(kGrpc) && (type.size() == kGrpc.size() || type[kGrpc.size()] == '+');
}

std::optional<Milliseconds> grpc_timeout(const http::HeaderMap& headers) {
  constexpr size_t kMaxDigits = 8;  // of the gRPC specification
  std::string_view text = headers.get(HeaderId::grpc_timeout);
  if (text.size() < 2 || text.size() > kMaxDigits + 1) return std::nullopt;
  uint64_t number = 0;
  if (!http::parse_decimal(text.substr(0, text.size() - 1), number)) return std::nullopt;
  auto count = static_cast<int64_t>(number);
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(count);
    case 'M':
      return std::chrono::minutes(count);
    case 'S':
      return std::chrono::seconds(count);
    case 'm':
      return Milliseconds(count);
    case 'u':
      return std::chrono::ceil<Milliseconds>(std::chrono::microseconds(count));
    case 'n':
      return std::chrono::ceil<Milliseconds>(std::chrono::nanoseconds(count));
    default:
      return std::nullopt;
  }
}

void set_grpc_timeout(Milliseconds timeout, http::HeaderMap& headers) {
  constexpr uint64_t kMax = 99'999'999;  // eight digits
  auto number = static_cast<uint64_t>(timeout.count());
  std::string_view units = "mSMH";
  for (uint64_t factor = 1000; number > kMax && units.size() > 1; factor = 60) {
    number /= factor;
    units.remove_prefix(1);
  }
  Arena& arena = headers.arena();
  headers.set(HeaderId::grpc_timeout,
              arena.concat(decimal(std::min(number, kMax), arena), units.substr(0, 1)));
}

}  // namespace outrigger::route
