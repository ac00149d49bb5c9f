// Compiles envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/listener_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::proxy_protocol {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::proxy_protocol
