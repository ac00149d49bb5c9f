// Compiles envoy.extensions.filters.listener.http_inspector.v3.HttpInspector. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/listener_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::http_inspector {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::http_inspector
