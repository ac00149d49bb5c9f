// Compiles how connections to an upstream are made: raw_buffer, tls, upstream_proxy_protocol,
// internal_upstream; others are refused by name. Thread: main. Errors open with the field's path
// inside the transport socket. Semantics: envoy.config.core.v3.TransportSocket.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/base.pb.h"

#include "api/config/cluster.h"
#include "xds/compile_environment.h"
#include "xds/compile_tls.h"

namespace outrigger::xds {

// Not set: plain. `place`: the cluster's statistics.
absl::StatusOr<config::TransportSocketPtr> compile_transport_socket(
    const envoy::config::core::v3::TransportSocket& socket, const TlsStatPlace& place,
    CompileEnvironment& environment);

}  // namespace outrigger::xds
