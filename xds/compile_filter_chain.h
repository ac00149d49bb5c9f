// Compiles one filter chain of a listener: its criteria, its transport socket, its network filters
// and its end. Thread: main. Errors open with the field's path inside the chain. Semantics:
// envoy.config.listener.v3.FilterChain.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "envoy/config/listener/v3/listener_components.pb.h"

#include "api/config/listener.h"
#include "xds/compile_environment.h"
#include "xds/compile_http_connection_manager.h"
#include "xds/listener_stat_names.h"

namespace outrigger::xds {

absl::StatusOr<std::shared_ptr<config::FilterChain>> compile_filter_chain(
    const envoy::config::listener::v3::FilterChain& chain, const ListenerStatNames& names,
    CompileEnvironment& environment, const ClusterExists& cluster_exists);

}  // namespace outrigger::xds
