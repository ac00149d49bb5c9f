// envoy.filters.http.dynamic_forward_proxy: a request to a dynamic_forward_proxy cluster waits
// until the address of its host is known. Semantics:
// envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/http_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::dynamic_forward_proxy {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);
// Which host is meant, in the place of the one that the request names.
absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::dynamic_forward_proxy
