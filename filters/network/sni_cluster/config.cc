#include "filters/network/sni_cluster/config.h"

#include "filters/network/sni_cluster/filter.h"

namespace outrigger::filters::sni_cluster {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message&, CompileContext&) {
  return std::make_shared<SniClusterFactory>();
}

}  // namespace outrigger::filters::sni_cluster
