// google_grpc has a target and credentials instead of a cluster: makes the cluster that they
// describe, and what else they say of calls. Thread: main. Errors open with the field's path inside
// GoogleGrpc. Semantics: envoy.config.core.v3.GrpcService.GoogleGrpc,
// https://github.com/grpc/grpc/blob/master/doc/naming.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/grpc_service.pb.h"

#include "api/grpc/client.h"

namespace outrigger::xds {

struct GoogleGrpcCluster {
  envoy::config::cluster::v3::Cluster cluster;
  std::string authority;
};

// Adds what is not the cluster's to `service`: metadata, the limit of a message.
absl::StatusOr<GoogleGrpcCluster> make_google_grpc_cluster(
    const envoy::config::core::v3::GrpcService::GoogleGrpc& google, config::GrpcService& service);

// A target_uri, taken apart.
struct GrpcTarget {
  bool unix_socket = false;
  bool literal = false;  // `hosts` are addresses, not a name
  // host and port; of a Unix socket the path alone.
  std::vector<std::pair<std::string, uint16_t>> hosts;
  std::string authority;
};
absl::StatusOr<GrpcTarget> parse_grpc_target(std::string_view uri);

}  // namespace outrigger::xds
