// Compiles envoy.tcp.metadataexchange.config.MetadataExchange. Thread: main.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/network_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::metadata_exchange {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::metadata_exchange
