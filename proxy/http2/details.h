// Names of what went wrong on an HTTP/2 stream or connection, as the access log shows them. Envoy's
// where it has one.
#pragma once

#include <string_view>

namespace outrigger::http2::detail {

// One stream.
inline constexpr std::string_view kInvalidHeaderField = "http2.invalid.header.field";
inline constexpr std::string_view kMessagingRule = "http2.violation.of.messaging.rule";
inline constexpr std::string_view kTooManyHeaders = "http2.too_many_headers";
inline constexpr std::string_view kUnexpectedUnderscore = "http2.unexpected_underscore";
inline constexpr std::string_view kRemoteReset = "http2.remote_reset";
inline constexpr std::string_view kRemoteRefused = "http2.remote_refuse";
// By a GOAWAY: the peer has not looked at it.
inline constexpr std::string_view kLeftBehind = "http2.goaway";
inline constexpr std::string_view kNotSent = "http2.message_not_sent";
inline constexpr std::string_view kUnknown = "http2.unknown.nghttp2.error";

// The whole connection.
inline constexpr std::string_view kOutboundFlood =
    "codec_error:Too_many_frames_in_the_outbound_queue.";
inline constexpr std::string_view kOutboundControlFlood =
    "codec_error:Too_many_control_frames_in_the_outbound_queue.";
inline constexpr std::string_view kEmptyFrameFlood = "http2.inbound_empty_frames_flood";
inline constexpr std::string_view kPriorityFlood = "codec_error:Too_many_PRIORITY_frames";
inline constexpr std::string_view kWindowUpdateFlood = "codec_error:Too_many_WINDOW_UPDATE_frames";
inline constexpr std::string_view kContinuationFlood = "http2.continuation_flood";
inline constexpr std::string_view kPrematureResets = "too_many_premature_resets";
inline constexpr std::string_view kBadPreface = "http2.bad_connection_preface";
inline constexpr std::string_view kProtocolError = "http2.protocol_error";
inline constexpr std::string_view kFlowControlError = "http2.flow_control_error";
inline constexpr std::string_view kSettingsTimeout = "http2.settings_timeout";
inline constexpr std::string_view kStreamClosed = "http2.stream_closed";
inline constexpr std::string_view kFrameSizeError = "http2.frame_size_error";
inline constexpr std::string_view kCompressionError = "http2.compression_error";
inline constexpr std::string_view kInternalError = "http2.internal_error";
inline constexpr std::string_view kPeerClosed = "http2.peer_closed";

// Too much of what is allowed: Envoy does not count that among the protocol errors.
constexpr bool is_flood(std::string_view detail) {
  return detail == kOutboundFlood || detail == kOutboundControlFlood ||
         detail == kEmptyFrameFlood || detail == kPriorityFlood || detail == kWindowUpdateFlood;
}

}  // namespace outrigger::http2::detail
