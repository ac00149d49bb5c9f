// The parts of a cluster, each compiled in a file of its own. Thread: main. Errors open with the
// field's path inside the cluster.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/resolver.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/extensions/load_balancing_policies/subset/v3/subset.pb.h"

#include "api/config/cluster.h"
#include "xds/compile_cluster.h"
#include "xds/compile_tls.h"
#include "xds/field_errors.h"

namespace outrigger::xds {

// How the cluster finds its endpoints: type, cluster_type, load_assignment, dns_*,
// original_dst_lb_config. Sets discovery, endpoints, dns, original_dst, aggregate, dns_cache.
void compile_discovery(const envoy::config::cluster::v3::Cluster& cluster,
                       const ClusterDefaults& defaults, CompileEnvironment& environment,
                       config::Cluster& out, FieldErrors& errors);

// cluster_type envoy.clusters.dynamic_forward_proxy. False: it is another one.
bool compile_forward_proxy(const envoy::config::cluster::v3::Cluster& cluster,
                           CompileEnvironment& environment, config::Cluster& out,
                           FieldErrors& errors);
// What it asks of the HTTP options, which are compiled already. Of another type: nothing.
void complete_forward_proxy(const envoy::config::cluster::v3::Cluster& cluster,
                            config::UpstreamHttp& http, FieldErrors& errors);

// lb_policy, load_balancing_policy and what belongs to them. After compile_discovery.
void compile_balancer(const envoy::config::cluster::v3::Cluster& cluster,
                      const ClusterDefaults& defaults, CompileEnvironment& environment,
                      config::Cluster& out, FieldErrors& errors);

// What equal hashes' way to equal hosts depends on: of lb_policy RING_HASH or MAGLEV, which `out`
// has already.
void compile_hashing(const envoy::config::cluster::v3::Cluster& cluster, config::Cluster& out,
                     FieldErrors& errors);
// The same of a policy of load_balancing_policy. False: it is none that hashes.
bool compile_hashing_policy(const google::protobuf::Any& policy, config::Cluster& out,
                            FieldErrors& errors);

// Which of the endpoints a request may go to.
std::shared_ptr<const config::SubsetBalancing> compile_subsets(
    const envoy::config::cluster::v3::Cluster::LbSubsetConfig& message, FieldErrors& errors);
std::shared_ptr<const config::SubsetBalancing> compile_subsets(
    const envoy::extensions::load_balancing_policies::subset::v3::Subset& message,
    FieldErrors& errors);

// Timeouts, limits, source addresses, transport sockets.
void compile_connection(const envoy::config::cluster::v3::Cluster& cluster,
                        const ClusterDefaults& defaults, CompileEnvironment& environment,
                        config::Cluster& out, FieldErrors& errors);

// outlier_detection
void compile_outlier_detection(const envoy::config::cluster::v3::Cluster& cluster,
                               config::Cluster& out, FieldErrors& errors);

// The policies among its HTTP options.
void compile_http_policies(const envoy::config::cluster::v3::Cluster& cluster,
                           CompileEnvironment& environment, config::Cluster& out,
                           FieldErrors& errors);

// health_checks, and how they bear on the cluster.
void compile_health_checks(const envoy::config::cluster::v3::Cluster& cluster, config::Cluster& out,
                           FieldErrors& errors);
// health_check_config of an endpoint; nullptr: it says nothing.
std::shared_ptr<const config::EndpointHealthCheck> compile_endpoint_check(
    const envoy::config::endpoint::v3::Endpoint& endpoint, FieldErrors& errors);

// Network filters on the connections to the upstream: Istio's metadata exchange.
void compile_upstream_filters(const envoy::config::cluster::v3::Cluster& cluster,
                              CompileEnvironment& environment, config::Cluster& out,
                              FieldErrors& errors);

// The endpoints of a DNS cluster: targets and localities.
absl::Status compile_dns_targets(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& assignment,
    config::DnsResolution& out);

absl::StatusOr<config::UpstreamBind> compile_bind(
    const envoy::config::core::v3::BindConfig& message);

config::DnsResolution::Family compile_dns_family(
    envoy::config::cluster::v3::Cluster::DnsLookupFamily family);

// typed_dns_resolver_config.
absl::StatusOr<config::DnsResolver> compile_dns_resolver(
    const envoy::config::core::v3::TypedExtensionConfig& message);
// dns_resolution_config.
absl::StatusOr<config::DnsResolver> compile_dns_resolver(
    const envoy::config::core::v3::DnsResolutionConfig& message);
// dns_resolvers.
void compile_dns_servers(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::Address>& servers,
    std::string_view field, config::DnsResolver& out, FieldErrors& errors);

// Where the cluster's statistics are: "cluster.<name>.".
TlsStatPlace cluster_stats_place(const config::Cluster& cluster);

}  // namespace outrigger::xds
