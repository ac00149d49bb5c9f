#include "filters/network/echo/config.h"

#include "filters/network/echo/filter.h"

namespace outrigger::filters::echo {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message&, CompileContext&) {
  return std::make_shared<EchoFactory>();
}

}  // namespace outrigger::filters::echo
