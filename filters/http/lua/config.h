// Compiles envoy.extensions.filters.http.lua.v3: scripts are loaded, and one that cannot be is
// refused with its line. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::lua {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);
absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::lua
