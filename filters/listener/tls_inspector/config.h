// Compiles envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/listener_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::tls_inspector {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::tls_inspector
