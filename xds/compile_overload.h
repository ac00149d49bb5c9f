// Compiles what is kept of the overload manager: the limit of all downstream connections together.
// Thread: main. Errors open with the field's path. Semantics:
// envoy.config.overload.v3.OverloadManager.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"

#include "envoy/config/overload/v3/overload.pb.h"

namespace outrigger::xds {

// nullopt: no monitor limits them.
absl::StatusOr<std::optional<int64_t>> compile_connection_limit(
    const envoy::config::overload::v3::OverloadManager& overload);

}  // namespace outrigger::xds
