// Compiles envoy.extensions.filters.network.ext_authz.v3.ExtAuthz. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/network_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::network_ext_authz {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::network_ext_authz
