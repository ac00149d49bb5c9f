// Compiles a listener's listener filters through the registry (filters/registry_listener.h), and
// which connections do without one. Thread: main. Errors name the filter and, for an extension that
// we do not have, its type URL. Semantics: envoy.config.listener.v3.ListenerFilter.
#pragma once

#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/listener/v3/listener.pb.h"

#include "api/config/listener.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

// Also those that other fields ask for: use_original_dst, use_proxy_proto of the first chain.
absl::StatusOr<std::vector<config::ListenerFilterEntry>> compile_listener_filters(
    const envoy::config::listener::v3::Listener& listener, CompileEnvironment& environment);

}  // namespace outrigger::xds
