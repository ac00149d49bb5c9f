// The gRPC status of a stream: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/observe/log_context.h"

namespace outrigger::observe {

// From trailers, headers, or the HTTP status of an answer that is not gRPC; absent: the request is
// not gRPC.
std::optional<uint64_t> grpc_status(const LogContext& context);
// The same, whatever the request is.
std::optional<uint64_t> any_grpc_status(const LogContext& context);
// "PermissionDenied" or "PERMISSION_DENIED"; empty for a number without a name.
std::string_view grpc_status_name(uint64_t status, bool snake_case);

}  // namespace outrigger::observe
