// Clusters whose hosts are those that requests name: envoy.clusters.dynamic_forward_proxy.
#include "envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.pb.h"

#include "xds/compile_cluster_parts.h"
#include "xds/compile_dns_cache.h"
#include "xds/compile_values.h"

// Envoy's deprecated fields are in use everywhere, so they work here.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace outrigger::xds {
namespace {

using envoy::config::cluster::v3::Cluster;
using ForwardProxyConfig = envoy::extensions::clusters::dynamic_forward_proxy::v3::ClusterConfig;

bool unpack_forward_proxy(const Cluster& cluster, ForwardProxyConfig& out) {
  const auto& any = cluster.cluster_type().typed_config();
  return is_type(any, ForwardProxyConfig::descriptor()->full_name()) && any.UnpackTo(&out);
}

}  // namespace

bool compile_forward_proxy(const Cluster& cluster, CompileEnvironment& environment,
                           config::Cluster& out, FieldErrors& errors) {
  ForwardProxyConfig message;
  if (!unpack_forward_proxy(cluster, message)) return false;
  out.discovery = config::Cluster::Discovery::dynamic_forward_proxy;
  out.endpoints = std::make_shared<config::EndpointSet>();
  if (cluster.has_load_assignment())
    errors.add("load_assignment", "the hosts of a dynamic_forward_proxy are those of requests");
  if (!message.has_dns_cache_config()) {
    errors.add("cluster_type.typed_config.dns_cache_config", "is needed");
    return true;
  }
  out.dns_cache = errors.take_nested("cluster_type.typed_config.dns_cache_config",
                                     compile_dns_cache(message.dns_cache_config(), environment));
  return true;
}

// The name comes from the client: without these nobody would look whose certificate it is.
void complete_forward_proxy(const Cluster& cluster, config::UpstreamHttp& http,
                            FieldErrors& errors) {
  ForwardProxyConfig message;
  if (!unpack_forward_proxy(cluster, message)) return;
  bool own_options = cluster.typed_extension_protocol_options_size() > 0;
  if (!own_options && !cluster.has_upstream_http_protocol_options())
    http.auto_sni = http.auto_san_validation = true;
  if (message.allow_insecure_cluster_options()) return;
  if (!http.auto_sni || !http.auto_san_validation)
    errors.add("cluster_type",
               "a dynamic_forward_proxy must have auto_sni and auto_san_validation, unless "
               "allow_insecure_cluster_options is set");
}

}  // namespace outrigger::xds
