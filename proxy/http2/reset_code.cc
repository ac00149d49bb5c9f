#include "proxy/http2/reset_code.h"

#include <nghttp2/nghttp2.h>

#include "proxy/http2/details.h"

namespace outrigger::http2 {

using http::ResetReason;

uint32_t code_of_reset(ResetReason reason, Side side, bool message_complete) {
  switch (reason) {
    case ResetReason::local_refused_stream:
    case ResetReason::remote_refused_stream:  // whoever refused it: nobody processed it, so the
                                              // peer may repeat it
    case ResetReason::overflow:
      return NGHTTP2_REFUSED_STREAM;
    case ResetReason::connect_error:
      return NGHTTP2_CONNECT_ERROR;
    case ResetReason::protocol_error:
      return NGHTTP2_PROTOCOL_ERROR;
    case ResetReason::local_reset:
    case ResetReason::remote_reset:
    case ResetReason::connection_failure:
    case ResetReason::connection_termination:
      break;
  }
  if (side == Side::client) return NGHTTP2_CANCEL;
  // RFC 9113, 8.1: after a complete response NO_ERROR tells the client to stop sending the request
  // and to keep the response.
  return message_complete ? NGHTTP2_NO_ERROR : NGHTTP2_INTERNAL_ERROR;
}

ResetReason reason_of_code(uint32_t code) {
  switch (code) {
    case NGHTTP2_REFUSED_STREAM:
      return ResetReason::remote_refused_stream;
    case NGHTTP2_CONNECT_ERROR:
      return ResetReason::connect_error;
    default:
      return ResetReason::remote_reset;
  }
}

std::string_view detail_of_code(uint32_t code) {
  switch (code) {
    case NGHTTP2_PROTOCOL_ERROR:
      return detail::kProtocolError;
    case NGHTTP2_FLOW_CONTROL_ERROR:
      return detail::kFlowControlError;
    case NGHTTP2_SETTINGS_TIMEOUT:
      return detail::kSettingsTimeout;
    case NGHTTP2_STREAM_CLOSED:
      return detail::kStreamClosed;
    case NGHTTP2_FRAME_SIZE_ERROR:
      return detail::kFrameSizeError;
    case NGHTTP2_COMPRESSION_ERROR:
      return detail::kCompressionError;
    case NGHTTP2_INTERNAL_ERROR:
      return detail::kInternalError;
    default:
      return detail::kUnknown;
  }
}

}  // namespace outrigger::http2
