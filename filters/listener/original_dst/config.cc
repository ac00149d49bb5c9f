#include "filters/listener/original_dst/config.h"

#include "filters/listener/original_dst/filter.h"

namespace outrigger::filters::original_dst {

absl::StatusOr<std::shared_ptr<const ListenerFilterFactory>> compile(
    const google::protobuf::Message& /*config*/, CompileContext& /*context*/) {
  return std::make_shared<OriginalDstFactory>();
}

}  // namespace outrigger::filters::original_dst
