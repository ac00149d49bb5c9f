// Compiles the HTTP connection manager with its routes, filters and access logs. Thread: main.
// Errors open with the field's path. Semantics:
// envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

#include "api/config/http_connection_manager.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

using ClusterExists = std::function<bool(std::string_view name)>;

absl::StatusOr<std::shared_ptr<const config::HttpConnectionManager>>
compile_http_connection_manager(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager&
        message,
    CompileEnvironment& environment, const ClusterExists& cluster_exists);

}  // namespace outrigger::xds
