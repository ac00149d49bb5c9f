// envoy.filters.network.sni_dynamic_forward_proxy: a connection waits until the address of the host
// that its SNI names is known, for a TCP proxy to a dynamic_forward_proxy cluster behind it.
// Semantics: envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "api/filter/compile_context.h"
#include "api/filter/network_filter.h"

namespace google::protobuf {
class Message;
}

namespace outrigger::filters::sni_dynamic_forward_proxy {

absl::StatusOr<std::shared_ptr<const NetworkFilterFactory>> compile(
    const google::protobuf::Message& config, CompileContext& context);

}  // namespace outrigger::filters::sni_dynamic_forward_proxy
