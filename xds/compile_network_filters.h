// Compiles the network filters of a filter chain, and what the chain ends in: the HTTP connection
// manager, the TCP proxy, or a terminal filter of filters/registry.h. Thread: main. Errors open
// with the field's path: "filters[1].typed_config.cluster: ...".
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/repeated_field.h"

#include "envoy/config/listener/v3/listener_components.pb.h"

#include "api/config/listener.h"
#include "xds/compile_environment.h"
#include "xds/compile_http_connection_manager.h"

namespace outrigger::xds {

// Sets filters, http and tcp of `out`; exactly the last filter must end the chain.
absl::Status compile_network_filters(
    const google::protobuf::RepeatedPtrField<envoy::config::listener::v3::Filter>& filters,
    CompileEnvironment& environment, const ClusterExists& cluster_exists, config::FilterChain& out);

}  // namespace outrigger::xds
