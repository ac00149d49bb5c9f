// The timeouts of one request, from its route and its headers, and what the upstream is told of
// them. Thread: the stream's worker.
#pragma once

#include <chrono>
#include <optional>

#include "api/config/route.h"
#include "api/http/header_map.h"

namespace outrigger::route {

// 0: none.
struct RequestTimeouts {
  config::Milliseconds global{
      0};  // from the end of the request to the end of the response, retries included
  config::Milliseconds per_try{0};
  config::Milliseconds per_try_idle{0};
  std::optional<config::Milliseconds> stream =
      {};                     // of each attempt, in the place of the cluster's
  bool empty_answer = false;  // whoever ran out of time is answered 204, not 504
};

struct TimeoutOptions {
  bool envoy_headers = true;  // send x-envoy-expected-rq-timeout-ms; the opposite of the router's
                              // suppress_envoy_headers
  bool respect_expected_rq_timeout = false;
  bool grpc = false;     // is_grpc() of the request
  bool hedging = false;  // a late try goes on: it may use all of the global timeout
};

// Takes what a trusted client says of timeouts off the request (x-envoy-upstream-rq-timeout-ms,
// -rq-per-try-timeout-ms, -rq-timeout-alt-response, -stream-duration-ms) and sets what goes
// upstream.
RequestTimeouts take_timeouts(const config::ForwardAction& action, http::HeaderMap& request,
                              TimeoutOptions options);

// What a retry tells the upstream: `elapsed` since the request began counts against the global
// timeout.
void set_timeout_headers(const config::ForwardAction& action, const RequestTimeouts& timeouts,
                         config::Milliseconds elapsed, http::HeaderMap& request,
                         TimeoutOptions options);

// How long the stream may last, counted from its start; absent: no limit. `default_limit` is the
// connection manager's (0: none). Updates grpc-timeout where the route limits it. Call when the
// route is known, and again when it changed.
std::optional<config::Milliseconds> take_stream_duration(const config::ForwardAction& action,
                                                         config::Milliseconds default_limit,
                                                         http::HeaderMap& request);

// content-type is application/grpc or application/grpc+...
bool is_grpc(const http::HeaderMap& headers);
// "5S" and so on, rounded up to milliseconds; absent: no such header, or malformed.
std::optional<config::Milliseconds> grpc_timeout(const http::HeaderMap& headers);
void set_grpc_timeout(config::Milliseconds timeout, http::HeaderMap& headers);

}  // namespace outrigger::route
