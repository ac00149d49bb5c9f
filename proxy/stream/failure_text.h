// What a failed attempt is called: Envoy's response flag, detail and body text, and our sentence.
// Pure.
#pragma once

#include "api/arena.h"
#include "api/outcome.h"
#include "proxy/stream/upstream_request.h"

namespace outrigger::stream {

ResponseFlag failure_flag(const UpstreamFailure& failure);
// The status that a client gets for it.
int failure_code(const UpstreamFailure& failure);
// Envoy's name of the reason: "connection termination".
std::string_view reason_text(http::ResetReason reason);
// "upstream_reset_before_response_started{connection_termination}"
std::string_view failure_details(const UpstreamFailure& failure, Arena& arena);
// "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
std::string_view failure_body(const UpstreamFailure& failure, uint32_t retries, Arena& arena);
// "10.0.0.1:80 closed a reused connection before it answered"
std::string_view failure_cause(const UpstreamFailure& failure, std::string_view host, Arena& arena);

}  // namespace outrigger::stream
