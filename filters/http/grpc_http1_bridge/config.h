// Compiles envoy.extensions.filters.http.grpc_http1_bridge.v3.Config.
// Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::grpc_http1_bridge {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::grpc_http1_bridge
