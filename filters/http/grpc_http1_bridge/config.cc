#include "filters/http/grpc_http1_bridge/config.h"

#include "envoy/extensions/filters/http/grpc_http1_bridge/v3/config.pb.h"

#include "filters/http/grpc_http1_bridge/filter.h"

namespace outrigger::filters::grpc_http1_bridge {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::http::grpc_http1_bridge::v3::Config&>(config);
  BridgeSettings settings;
  settings.upgrade_protobuf = proto.upgrade_protobuf_to_grpc();
  settings.ignore_query_parameters = proto.ignore_query_parameters();
  return std::make_shared<GrpcHttp1BridgeFactory>(settings);
}

}  // namespace outrigger::filters::grpc_http1_bridge
