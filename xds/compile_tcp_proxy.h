// Compiles a TCP proxy, the end of a filter chain. Thread: main. Errors open with the field's path
// inside the message. Semantics: envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.pb.h"

#include "api/config/tcp_proxy.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

// A cluster that does not exist (yet) is no error: its connections are refused, as Envoy does.
absl::StatusOr<std::shared_ptr<const config::TcpProxy>> compile_tcp_proxy(
    const envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy& message,
    CompileEnvironment& environment);

}  // namespace outrigger::xds
