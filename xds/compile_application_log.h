// Compiles the format of the application log. Thread: main. Errors open with the field's path.
// Semantics: envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

namespace outrigger::xds {

// spdlog's pattern; empty: none is given.
absl::StatusOr<std::string> compile_log_pattern(
    const envoy::config::bootstrap::v3::Bootstrap::ApplicationLogConfig& log);

}  // namespace outrigger::xds
