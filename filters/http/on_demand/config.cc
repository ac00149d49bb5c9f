#include "filters/http/on_demand/config.h"

#include "api/filter/host_demand.h"

namespace outrigger::filters::on_demand {

absl::StatusOr<std::shared_ptr<const HttpFilterFactory>> compile(
    const google::protobuf::Message& /*config*/, CompileContext& /*context*/) {
  return std::make_shared<OnDemandFactory>();
}

}  // namespace outrigger::filters::on_demand
