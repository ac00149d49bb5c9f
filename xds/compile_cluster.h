// Compiles a cluster and its endpoints. Thread: main. Errors open with the field's path inside the
// cluster. Semantics: envoy.config.cluster.v3.Cluster. Kinds that are not supported are refused by
// name.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"

#include "api/config/cluster.h"
#include "xds/compile_environment.h"

namespace outrigger::xds {

// What a cluster that does not say otherwise takes from the bootstrap.
struct ClusterDefaults {
  std::string local_cluster_name;  // of processes like this one; empty: zones do not matter
  config::UpstreamBind bind;
  config::DnsResolver resolver;
};

absl::StatusOr<ClusterDefaults> compile_cluster_defaults(
    const envoy::config::bootstrap::v3::Bootstrap& bootstrap);

// Nobody else has it: what belongs to its place among its versions may still be added.
absl::StatusOr<std::shared_ptr<config::Cluster>> compile_cluster(
    const envoy::config::cluster::v3::Cluster& cluster, CompileEnvironment& environment,
    const ClusterDefaults& defaults = {});

absl::StatusOr<std::shared_ptr<const config::EndpointSet>> compile_endpoints(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& assignment);

// The HTTP options of a cluster: typed_extension_protocol_options, or the fields that they
// replaced.
absl::StatusOr<config::UpstreamHttp> compile_upstream_http(
    const envoy::config::cluster::v3::Cluster& cluster);

}  // namespace outrigger::xds
