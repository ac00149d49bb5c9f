// Compiles a listener and its filter chain. Thread: main. Errors open with the field's path inside
// the listener. Semantics: envoy.config.listener.v3.Listener.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/listener/v3/listener.pb.h"

#include "api/config/listener.h"
#include "xds/compile_environment.h"
#include "xds/compile_http_connection_manager.h"

namespace outrigger::xds {

absl::StatusOr<config::ListenerPtr> compile_listener(
    const envoy::config::listener::v3::Listener& listener, CompileEnvironment& environment,
    const ClusterExists& cluster_exists);

// A listener in force, as it came and as it was compiled.
struct PresentListener {
  const envoy::config::listener::v3::Listener& message;
  const config::Listener& compiled;
};
// A listener that may take the place of `present` (nullptr: of none): it has a shape, and where
// that is the present one's, filter chains that did not change are the present ones themselves.
absl::StatusOr<config::ListenerPtr> compile_next_listener(
    const envoy::config::listener::v3::Listener& listener, const PresentListener* present,
    CompileEnvironment& environment, const ClusterExists& cluster_exists);

}  // namespace outrigger::xds
