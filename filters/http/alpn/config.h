// Compiles istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::alpn {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::alpn
