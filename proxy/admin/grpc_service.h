// gRPC methods that the administration interface serves over HTTP/2: one message in, one out, and
// the framing around them. Thread: main.
// Semantics: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace outrigger::admin {

class ServerView;

struct GrpcMethod {
  std::string_view path;
  bool streaming;  // answers every message as it comes; else there is exactly one
  // The answer to one message. An error's code is that of gRPC.
  absl::StatusOr<std::string> (*answer)(std::string_view message, ServerView& view);
};

// nullptr: there is no such method.
const GrpcMethod* find_grpc_method(std::string_view path);
// Of all methods.
std::vector<std::string_view> grpc_method_paths();

// "application/grpc", "application/grpc+proto".
bool is_grpc(std::string_view content_type);

// Takes the first whole message out of `buffer`; false: it is not whole yet. Errors: compression,
// more octets than `max_bytes`.
absl::StatusOr<bool> take_grpc_message(std::string& buffer, size_t max_bytes, std::string& message);

std::string grpc_frame(std::string_view message);
// Of the trailer grpc-message.
std::string grpc_percent_encode(std::string_view text);

}  // namespace outrigger::admin
