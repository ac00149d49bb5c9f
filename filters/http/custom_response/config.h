// Compiles envoy.extensions.filters.http.custom_response.v3.CustomResponse, of the filter and of
// routes. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::custom_response {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);
absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::custom_response
