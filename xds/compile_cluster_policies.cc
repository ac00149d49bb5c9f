// What a cluster says of every request that goes to it: retries, mirrors, hash policies.
#include <memory>
#include <string>
#include <utility>

#include "envoy/extensions/upstreams/http/v3/http_protocol_options.pb.h"

#include "api/config/route.h"
#include "xds/compile_cluster_parts.h"
#include "xds/compile_route.h"
#include "xds/compile_route_parts.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;

constexpr const char* kProtocolOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

config::ClusterHttpPolicies compile_policies(const HttpProtocolOptions& options,
                                             config::ClusterSlots& clusters, FieldErrors& errors) {
  config::ClusterHttpPolicies out;
  if (options.has_retry_policy()) {
    out.retry = std::make_shared<const config::RetryPolicy>(
        errors.take_nested("retry_policy", compile_retry_policy(options.retry_policy())));
  }
  // Clusters come and go: which of them a mirror goes to is looked up when it is begun.
  out.mirrors = compile_mirrors(
      options.request_mirror_policies(),
      [&clusters](std::string_view, const std::string& name, FieldErrors&) {
        return clusters.ref(name);
      },
      errors);
  out.hash_policies = compile_hash_policies(options.hash_policy(), errors);
  return out;
}

}  // namespace

void compile_http_policies(const envoy::config::cluster::v3::Cluster& cluster,
                           CompileEnvironment& environment, config::Cluster& out,
                           FieldErrors& errors) {
  auto found = cluster.typed_extension_protocol_options().find(kProtocolOptions);
  HttpProtocolOptions options;
  if (found == cluster.typed_extension_protocol_options().end() ||
      !found->second.UnpackTo(&options))
    return;  // whoever compiles the protocol says what is wrong
  if (!options.has_retry_policy() && options.request_mirror_policies().empty() &&
      options.hash_policy().empty())
    return;
  FieldErrors inner;
  auto policies = compile_policies(options, environment.clusters, inner);
  if (!inner.empty()) {
    errors.add_nested(std::string("typed_extension_protocol_options[\"") + kProtocolOptions + "\"]",
                      inner.status());
  }
  // A balancing policy with a hash of its own asks for nothing else.
  if (out.http_policies != nullptr) policies.hash_policies = out.http_policies->hash_policies;
  out.http_policies = std::make_shared<const config::ClusterHttpPolicies>(std::move(policies));
}

}  // namespace outrigger::xds
