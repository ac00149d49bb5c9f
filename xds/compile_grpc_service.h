// Compiles who serves a gRPC call. Thread: main. Errors open with the field's path inside the
// message. Semantics: envoy.config.core.v3.GrpcService.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/statusor.h"

#include "envoy/config/core/v3/grpc_service.pb.h"

#include "api/grpc/client.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

// `cluster_exists`: envoy_grpc must name a cluster for which it holds; nullptr: any name will do.
// A cluster of the service's own (google_grpc) goes to environment.own_cluster too.
absl::StatusOr<config::GrpcService> compile_grpc_service(
    const envoy::config::core::v3::GrpcService& service, CompileEnvironment& environment,
    const std::function<bool(std::string_view)>& cluster_exists = nullptr);

}  // namespace outrigger::xds
