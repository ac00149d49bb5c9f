// Server reflection: which gRPC services the administration interface has, and the files that
// describe them, for grpcurl and its like. Thread: main.
// Semantics: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md, v1 and v1alpha,
// whose messages are the same
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace outrigger::admin {

class ServerView;

// A serialized ServerReflectionRequest to a serialized ServerReflectionResponse. What is not known
// is an error inside the response; octets that are no request are one of the call.
absl::StatusOr<std::string> reflect(std::string_view request, ServerView& view);

}  // namespace outrigger::admin
