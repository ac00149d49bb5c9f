#include "fmt/format.h"

#include "envoy/extensions/clusters/aggregate/v3/cluster.pb.h"
#include "envoy/extensions/clusters/dns/v3/dns_cluster.pb.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using Discovery = config::Cluster::Discovery;
using envoy::config::cluster::v3::Cluster;
using AggregateConfig = envoy::extensions::clusters::aggregate::v3::ClusterConfig;
using envoy::extensions::clusters::dns::v3::DnsCluster;
using Family = config::DnsResolution::Family;

Family compile_family(envoy::extensions::clusters::common::dns::v3::DnsLookupFamily family) {
  namespace dns = envoy::extensions::clusters::common::dns::v3;
  switch (family) {
    case dns::V4_ONLY:
      return Family::v4_only;
    case dns::V6_ONLY:
      return Family::v6_only;
    case dns::V4_PREFERRED:
      return Family::v4_preferred;
    case dns::ALL:
      return Family::all;
    default:
      return Family::auto_;
  }
}

// Without a rate of its own a failure is tried again at the usual one.
template <class Rate>
void compile_failure_rate(const Rate* rate, config::DnsResolution& out, FieldErrors& errors) {
  out.failure_base = out.failure_max = out.refresh_rate;
  if (rate == nullptr) return;
  out.failure_base = to_milliseconds(rate->base_interval());
  out.failure_max =
      rate->has_max_interval() ? to_milliseconds(rate->max_interval()) : out.failure_base * 10;
  if (out.failure_max < out.failure_base)
    errors.add("dns_failure_refresh_rate", "max_interval must not be less than base_interval");
}

// The fields of Cluster itself.
void compile_dns_fields(const Cluster& cluster, const ClusterDefaults& defaults,
                        config::DnsResolution& out, FieldErrors& errors) {
  if (cluster.has_dns_refresh_rate())
    out.refresh_rate = to_milliseconds(cluster.dns_refresh_rate());
  if (cluster.has_dns_jitter()) out.refresh_jitter = to_milliseconds(cluster.dns_jitter());
  compile_failure_rate(
      cluster.has_dns_failure_refresh_rate() ? &cluster.dns_failure_refresh_rate() : nullptr, out,
      errors);
  out.respect_ttl = cluster.respect_dns_ttl();
  out.family = compile_dns_family(cluster.dns_lookup_family());
  if (cluster.has_wait_for_warm_on_init())
    out.wait_for_first = cluster.wait_for_warm_on_init().value();
  out.resolver = defaults.resolver;
  if (cluster.has_typed_dns_resolver_config()) {
    out.resolver = errors.take_nested("typed_dns_resolver_config",
                                      compile_dns_resolver(cluster.typed_dns_resolver_config()));
  } else if (cluster.has_dns_resolution_config()) {
    out.resolver = errors.take_nested("dns_resolution_config",
                                      compile_dns_resolver(cluster.dns_resolution_config()));
  } else if (cluster.dns_resolvers_size() > 0 || cluster.use_tcp_for_dns_lookups()) {
    out.resolver = {};
    compile_dns_servers(cluster.dns_resolvers(), "dns_resolvers", out.resolver, errors);
    out.resolver.use_tcp = cluster.use_tcp_for_dns_lookups();
  }
}

// cluster_type envoy.clusters.dns.
void compile_dns_cluster(const DnsCluster& cluster, const Cluster& of,
                         const ClusterDefaults& defaults, config::DnsResolution& out,
                         FieldErrors& errors) {
  if (cluster.has_dns_refresh_rate())
    out.refresh_rate = to_milliseconds(cluster.dns_refresh_rate());
  if (cluster.has_dns_jitter()) out.refresh_jitter = to_milliseconds(cluster.dns_jitter());
  compile_failure_rate(
      cluster.has_dns_failure_refresh_rate() ? &cluster.dns_failure_refresh_rate() : nullptr, out,
      errors);
  out.respect_ttl = cluster.respect_dns_ttl();
  out.family = compile_family(cluster.dns_lookup_family());
  if (of.has_wait_for_warm_on_init()) out.wait_for_first = of.wait_for_warm_on_init().value();
  out.resolver = defaults.resolver;
  if (cluster.has_typed_dns_resolver_config())
    out.resolver = errors.take_nested("cluster_type.typed_config.typed_dns_resolver_config",
                                      compile_dns_resolver(cluster.typed_dns_resolver_config()));
}

void take_targets(const Cluster& cluster, std::shared_ptr<config::DnsResolution> dns,
                  config::Cluster& out, FieldErrors& errors) {
  if (absl::Status status = compile_dns_targets(cluster.load_assignment(), *dns); !status.ok())
    errors.add_nested("load_assignment", status);
  const auto& localities = cluster.load_assignment().endpoints();
  if (out.discovery == Discovery::logical_dns &&
      (localities.size() != 1 || localities.Get(0).lb_endpoints_size() != 1))
    errors.add("load_assignment",
               "LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single "
               "lb_endpoint");
  auto endpoints = std::make_shared<config::EndpointSet>();
  endpoints->localities = dns->localities;
  out.endpoints = std::move(endpoints);
  out.dns = std::move(dns);
}

void compile_original_hosts(const Cluster& cluster, config::Cluster& out, FieldErrors& errors) {
  if (cluster.has_load_assignment())
    errors.add("load_assignment", "ORIGINAL_DST clusters must have no load assignment configured");
  auto rules = std::make_shared<config::OriginalDst>();
  config::OriginalDst& original = *rules;
  out.original_dst = std::move(rules);
  out.endpoints = std::make_shared<config::EndpointSet>();
  if (cluster.has_cleanup_interval())
    original.cleanup_interval = to_milliseconds(cluster.cleanup_interval());
  const auto& from = cluster.original_dst_lb_config();
  original.use_http_header = from.use_http_header();
  if (!from.http_header_name().empty()) {
    original.http_header_name = from.http_header_name();
    if (!from.use_http_header())
      errors.add("original_dst_lb_config.http_header_name", "is set but use_http_header is not");
  }
  if (from.has_upstream_port_override()) {
    if (from.upstream_port_override().value() > 65535)
      errors.add("original_dst_lb_config.upstream_port_override", "must not be above 65535");
    original.port_override = static_cast<uint16_t>(from.upstream_port_override().value());
  }
  if (!from.has_metadata_key()) return;
  original.metadata_key.push_back(from.metadata_key().key());
  for (const auto& segment : from.metadata_key().path())
    original.metadata_key.push_back(segment.key());
}

// The endpoints are those of clusters that come and go.
void compile_aggregate(const AggregateConfig& aggregate, const Cluster& cluster,
                       config::ClusterSlots& clusters, config::Cluster& out, FieldErrors& errors) {
  if (cluster.lb_policy() != Cluster::CLUSTER_PROVIDED)
    errors.add("lb_policy", "only CLUSTER_PROVIDED is valid for an aggregate of clusters");
  out.discovery = Discovery::aggregate;
  out.endpoints = std::make_shared<config::EndpointSet>();
  for (const std::string& name : aggregate.clusters()) out.aggregate.push_back(clusters.ref(name));
}

void compile_custom_type(const Cluster& cluster, const ClusterDefaults& defaults,
                         CompileEnvironment& environment, config::Cluster& out,
                         FieldErrors& errors) {
  DnsCluster dns;
  AggregateConfig aggregate;
  const auto& any = cluster.cluster_type().typed_config();
  if (compile_forward_proxy(cluster, environment, out, errors)) return;
  if (is_type(any, aggregate.GetDescriptor()->full_name()) && any.UnpackTo(&aggregate))
    return compile_aggregate(aggregate, cluster, environment.clusters, out, errors);
  if (!is_type(any, dns.GetDescriptor()->full_name()) || !any.UnpackTo(&dns)) {
    errors.add("cluster_type",
               fmt::format("'{}' is not supported by Outrigger", cluster.cluster_type().name()));
    return;
  }
  out.discovery =
      dns.all_addresses_in_single_endpoint() ? Discovery::logical_dns : Discovery::strict_dns;
  auto resolution = std::make_shared<config::DnsResolution>();
  compile_dns_cluster(dns, cluster, defaults, *resolution, errors);
  take_targets(cluster, std::move(resolution), out, errors);
}

// The endpoints come from eds_cluster_config, which xds/dynamic/endpoint_discovery subscribes to.
void check_discovered(const Cluster& cluster, FieldErrors& errors) {
  const auto& eds = cluster.eds_cluster_config();
  if (!eds.has_eds_config())
    errors.add("eds_cluster_config.eds_config", "clusters of the type EDS need it");
  if (cluster.name().starts_with("xdstp:") && eds.service_name().empty())
    errors.add("eds_cluster_config.service_name", "is needed by a cluster with an xdstp: name");
}

}  // namespace

config::DnsResolution::Family compile_dns_family(Cluster::DnsLookupFamily family) {
  switch (family) {
    case Cluster::V4_ONLY:
      return Family::v4_only;
    case Cluster::V6_ONLY:
      return Family::v6_only;
    case Cluster::V4_PREFERRED:
      return Family::v4_preferred;
    case Cluster::ALL:
      return Family::all;
    default:
      return Family::auto_;
  }
}

void compile_discovery(const Cluster& cluster, const ClusterDefaults& defaults,
                       CompileEnvironment& environment, config::Cluster& out, FieldErrors& errors) {
  if (cluster.has_cluster_type())
    return compile_custom_type(cluster, defaults, environment, out, errors);
  switch (cluster.type()) {
    case Cluster::STATIC:
      out.endpoints =
          errors.take_nested("load_assignment", compile_endpoints(cluster.load_assignment()));
      return;
    case Cluster::STRICT_DNS:
    case Cluster::LOGICAL_DNS: {
      bool strict = cluster.type() == Cluster::STRICT_DNS;
      out.discovery = strict ? Discovery::strict_dns : Discovery::logical_dns;
      auto dns = std::make_shared<config::DnsResolution>();
      compile_dns_fields(cluster, defaults, *dns, errors);
      take_targets(cluster, std::move(dns), out, errors);
      return;
    }
    case Cluster::ORIGINAL_DST:
      out.discovery = Discovery::original_dst;
      return compile_original_hosts(cluster, out, errors);
    case Cluster::EDS:
      out.discovery = Discovery::eds;
      out.endpoints = std::make_shared<config::EndpointSet>();
      return check_discovered(cluster, errors);
    default:
      errors.add("type", fmt::format("{} is not supported by Outrigger",
                                     Cluster::DiscoveryType_Name(cluster.type())));
  }
}

}  // namespace outrigger::xds
