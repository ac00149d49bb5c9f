#include "filters/http/buffer/config.h"

#include "envoy/extensions/filters/http/buffer/v3/buffer.pb.h"

#include "filters/http/buffer/filter.h"

namespace outrigger::filters::buffer {

using envoy::extensions::filters::http::buffer::v3::Buffer;
using envoy::extensions::filters::http::buffer::v3::BufferPerRoute;

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& proto = static_cast<const Buffer&>(config);
  return std::make_shared<BufferFactory>(proto.max_request_bytes().value());
}

absl::StatusOr<std::shared_ptr<const FilterRouteConfig>> compile_route(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& proto = static_cast<const BufferPerRoute&>(config);
  auto route = std::make_shared<BufferRouteConfig>();
  route->disabled = proto.disabled();
  route->max_request_bytes = proto.buffer().max_request_bytes().value();
  return route;
}

}  // namespace outrigger::filters::buffer
