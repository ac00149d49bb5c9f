// Compiles a checked bootstrap. Thread: main. Errors open with the field's path: all of them, one
// line each.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include "api/config/bootstrap.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

absl::StatusOr<config::Bootstrap> compile_bootstrap(
    const envoy::config::bootstrap::v3::Bootstrap& message, const config::NodeIdentity& overrides,
    CompileEnvironment& environment);

}  // namespace outrigger::xds
