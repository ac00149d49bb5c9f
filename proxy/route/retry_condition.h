// Whether an attempt that failed should be made again. Pure decisions; counting, circuit breakers
// and timers are the caller's. Thread: the stream's worker. Lifetime of RetryRules: the stream's
// (text and lists in its arena or in the route table).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "api/arena.h"
#include "api/config/route.h"
#include "api/http/codec.h"
#include "api/http/header_map.h"

namespace outrigger::route {

// The route's policy merged with what the request's x-envoy-* headers ask for.
struct RetryRules {
  uint32_t on = 0;       // config::retry_on bits; 0: never
  uint32_t retries = 0;  // at most, beyond the first attempt
  const config::RetryPolicy* policy = nullptr;
  std::span<const uint32_t> more_status_codes;  // x-envoy-retriable-status-codes
  std::span<const std::string_view>
      more_header_names;  // x-envoy-retriable-header-names, lower case

  bool enabled() const { return on != 0; }
};

// Takes the retry headers off the request: they are for this proxy only.
RetryRules take_retry_rules(const config::RetryPolicy* policy, http::HeaderMap& request);

// hedge_on_per_try_timeout: as configured, unless the request's header, which is taken off, says
// otherwise.
bool take_hedging(bool configured, http::HeaderMap& request);

// For a response whose headers have arrived; of a gRPC response without body these include
// grpc-status.
bool should_retry(const RetryRules& rules, const http::HeaderMap& response, Arena& scratch);

// For an attempt that ended without response headers. A timeout of one try counts as local_reset.
// `request_started`: something of the request may have reached the upstream.
bool should_retry(const RetryRules& rules, http::ResetReason reason, bool request_started);

// Fully jittered exponential back-off: a random time below base * 2^(retry - 1), capped. `retry`
// counts from 1.
std::chrono::milliseconds retry_delay(const RetryRules& rules, uint32_t retry, uint64_t random);

// What the response's headers say of when to try again (rate_limited_retry_back_off), and up to
// half as long on top, so that not all clients come back at once. nullopt: nothing that counts.
std::optional<std::chrono::milliseconds> rate_limited_delay(
    const RetryRules& rules, const http::HeaderMap& response,
    std::chrono::system_clock::time_point now, uint64_t random);

}  // namespace outrigger::route
