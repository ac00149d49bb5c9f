// ResetReason <-> HTTP/2 error codes (RFC 9113, section 7), both ways. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/codec.h"

namespace outrigger::http2 {

enum class Side : uint8_t {
  server,
  client
};

// `message_complete`: this side has said all that it had to say, so that the reset only waives the
// rest of the peer's message.
uint32_t code_of_reset(http::ResetReason reason, Side side, bool message_complete);

// Of a RST_STREAM that the peer sent.
http::ResetReason reason_of_code(uint32_t code);

// Name of a connection error.
std::string_view detail_of_code(uint32_t code);

}  // namespace outrigger::http2
