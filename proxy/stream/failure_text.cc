#include "proxy/stream/failure_text.h"

#include <algorithm>

namespace outrigger::stream {

using http::ResetReason;

ResponseFlag failure_flag(const UpstreamFailure& failure) {
  switch (failure.reason) {
    case ResetReason::connection_failure:
      return ResponseFlag::upstream_connection_failure;
    case ResetReason::connection_termination:
      return ResponseFlag::upstream_connection_termination;
    case ResetReason::overflow:
      return ResponseFlag::upstream_overflow;
    case ResetReason::protocol_error:
      return ResponseFlag::upstream_protocol_error;
    case ResetReason::remote_reset:
    case ResetReason::remote_refused_stream:
    case ResetReason::connect_error:
      return ResponseFlag::upstream_remote_reset;
    case ResetReason::local_reset:
    case ResetReason::local_refused_stream:
      return ResponseFlag::local_reset;
  }
  return ResponseFlag::upstream_remote_reset;
}

int failure_code(const UpstreamFailure& failure) {
  return failure.reason == http::ResetReason::protocol_error ? 502 : 503;
}

std::string_view reason_text(ResetReason reason) {
  switch (reason) {
    case ResetReason::local_reset:
      return "local reset";
    case ResetReason::local_refused_stream:
      return "local refused stream reset";
    case ResetReason::remote_reset:
      return "remote reset";
    case ResetReason::remote_refused_stream:
      return "remote refused stream reset";
    case ResetReason::connection_failure:
      return "remote connection failure";
    case ResetReason::connection_termination:
      return "connection termination";
    case ResetReason::overflow:
      return "overflow";
    case ResetReason::protocol_error:
      return "protocol error";
    case ResetReason::connect_error:
      return "remote error with CONNECT request";
  }
  return "";
}

namespace {

// A detail is one word of the access log: white space becomes "_".
std::string_view one_word(std::string_view text, Arena& arena) {
  char* word = arena.allocate_chars(text.size());
  std::transform(text.begin(), text.end(), word,
                 [](char c) { return c == ' ' || c == '\t' ? '_' : c; });
  return {word, text.size()};
}

std::string_view shown_reason(const UpstreamFailure& failure) {
  return failure.connect_timeout ? "connection timeout" : reason_text(failure.reason);
}

// The system said why there is no connection.
bool plain_connect_failure(const UpstreamFailure& failure) {
  return failure.reason == ResetReason::connection_failure && !failure.connect_timeout &&
         !failure.transport_failed;
}

}  // namespace

std::string_view failure_details(const UpstreamFailure& failure, Arena& arena) {
  std::string_view when = failure.response_started ? "upstream_reset_after_response_started{"
                                                   : "upstream_reset_before_response_started{";
  std::string_view reason = one_word(shown_reason(failure), arena);
  std::string_view why = failure.transport_reason;
  if (why.empty() && plain_connect_failure(failure)) why = failure.detail;
  if (why.empty()) return arena.concat(when, reason, "}");
  return arena.concat(when, reason, "|", one_word(why, arena), "}");
}

std::string_view failure_body(const UpstreamFailure& failure, uint32_t retries, Arena& arena) {
  std::string_view again =
      retries == 0 ? "reset reason: " : "retried and the latest reset reason: ";
  std::string_view text = arena.concat(
      "upstream connect error or disconnect/reset before headers. ", again, shown_reason(failure));
  // Nothing of TLS to the client: it would tell of the mesh's certificates.
  if (!plain_connect_failure(failure) || failure.detail.empty()) return text;
  return arena.concat(text, ", transport failure reason: delayed connect error: ", failure.detail);
}

std::string_view failure_cause(const UpstreamFailure& failure, std::string_view host,
                               Arena& arena) {
  std::string_view when =
      failure.response_started ? " in the middle of its response" : " before it answered";
  switch (failure.reason) {
    case ResetReason::connection_failure:
      if (failure.transport_failed) {
        return failure.transport_reason.empty()
                   ? arena.concat(host, " closed the connection during the TLS handshake")
                   : arena.concat("no TLS connection to ", host, ": ", failure.transport_reason);
      }
      if (failure.connect_timeout)
        return arena.concat("no connection to ", host, " within the cluster's connect_timeout");
      return arena.concat("could not connect to ", host, ": ", failure.detail);
    case ResetReason::connection_termination:
      if (!failure.transport_reason.empty())
        return arena.concat("TLS with ", host, " failed", when, ": ", failure.transport_reason);
      return arena.concat(
          host,
          failure.reused_connection ? " closed a reused connection" : " closed the connection",
          when);
    case ResetReason::overflow:
      return arena.concat("a circuit breaker of the cluster is open: ", failure.detail);
    case ResetReason::protocol_error:
      return arena.concat(host, " sent an answer that is not valid HTTP: ", failure.detail);
    case ResetReason::remote_refused_stream:
      return arena.concat(host, " refused the stream");
    case ResetReason::remote_reset:
    case ResetReason::connect_error:
      return arena.concat(host, " reset the stream", when);
    case ResetReason::local_reset:
    case ResetReason::local_refused_stream:
      return arena.concat("the stream to ", host, " was given up here", when);
  }
  return {};
}

}  // namespace outrigger::stream
