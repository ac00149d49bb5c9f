// Compiles rate_limits of virtual hosts, routes and filters. Thread: main. Errors open with the
// path of the field inside the message. Semantics: envoy.config.route.v3.RateLimit.
#pragma once

#include "absl/status/statusor.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include "api/config/rate_limit.h"

namespace outrigger::xds {

absl::StatusOr<config::RateLimit> compile_rate_limit(
    const envoy::config::route::v3::RateLimit& limit);

}  // namespace outrigger::xds
