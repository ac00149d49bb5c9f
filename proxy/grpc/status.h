// gRPC's status of a call, from what HTTP/2 says. Pure. Specification: PROTOCOL-HTTP2.md and
// http-grpc-status-mapping.md of https://github.com/grpc/grpc/blob/master/doc
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/grpc/client.h"
#include "api/http/codec.h"

namespace outrigger::grpc {

// grpc-status. Numbers that have no name are `unknown`; nullopt: not a number.
std::optional<Code> parse_status(std::string_view text);
// grpc-message: "%41" -> "A"; what is not such an escape stays as it is.
std::string decode_message(std::string_view text);
// Of an answer without a grpc-status.
Code code_of_http_status(int status);
// Of a call that ended without a status.
Code code_of_reset(http::ResetReason reason);

}  // namespace outrigger::grpc
