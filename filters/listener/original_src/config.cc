#include "filters/listener/original_src/config.h"

#include "envoy/extensions/filters/listener/original_src/v3/original_src.pb.h"

#include "filters/listener/original_src/filter.h"

namespace outrigger::filters::original_src {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& /*context*/) {
  const auto& proto =
      static_cast<const envoy::extensions::filters::listener::original_src::v3::OriginalSrc&>(
          config);
  return std::make_shared<OriginalSrcFactory>(Settings{proto.bind_port(), proto.mark()});
}

}  // namespace outrigger::filters::original_src
