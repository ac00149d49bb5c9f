#include "filters/http/grpc_web/config.h"

#include "filters/http/grpc_web/filter.h"

namespace outrigger::filters::grpc_web {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& /*config*/, CompileContext& context) {
  return std::make_shared<GrpcWebFactory>(context.stats());
}

}  // namespace outrigger::filters::grpc_web
