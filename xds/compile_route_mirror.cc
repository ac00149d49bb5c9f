#include <string>
#include <utility>

#include "absl/strings/ascii.h"

#include "xds/compile_header_mutation.h"
#include "xds/compile_matcher.h"
#include "xds/compile_route_parts.h"

namespace outrigger::xds {
namespace {

using envoy::config::route::v3::RouteAction;

absl::StatusOr<config::MirrorPolicy> compile_mirror(const RouteAction::RequestMirrorPolicy& mirror,
                                                    const ClusterNamer& cluster) {
  FieldErrors errors;
  config::MirrorPolicy out;
  if (mirror.cluster().empty() == mirror.cluster_header().empty()) {
    errors.add("", "exactly one of cluster and cluster_header must be set");
  } else if (!mirror.cluster().empty()) {
    out.cluster = cluster("cluster", mirror.cluster(), errors);
  } else {
    out.cluster_header = absl::AsciiStrToLower(mirror.cluster_header());
  }
  if (mirror.has_runtime_fraction())
    out.fraction = compile_runtime_fraction(mirror.runtime_fraction());
  out.disable_shadow_host_suffix = mirror.disable_shadow_host_suffix_append();
  out.host_rewrite = mirror.host_rewrite_literal();
  for (int i = 0; i < mirror.request_headers_mutations_size(); ++i) {
    out.request_headers.push_back(
        errors.take_nested(indexed("request_headers_mutations", i),
                           compile_header_step(mirror.request_headers_mutations(i))));
  }
  if (!errors.empty()) return errors.status();
  return out;
}

}  // namespace

std::vector<config::MirrorPolicy> compile_mirrors(const MirrorPolicies& mirrors,
                                                  const ClusterNamer& cluster,
                                                  FieldErrors& errors) {
  std::vector<config::MirrorPolicy> out;
  for (int i = 0; i < mirrors.size(); ++i) {
    out.push_back(errors.take_nested(indexed("request_mirror_policies", i),
                                     compile_mirror(mirrors.Get(i), cluster)));
  }
  return out;
}

std::vector<config::MirrorPolicy> compile_mirrors(const MirrorPolicies& mirrors, RouteScope& scope,
                                                  FieldErrors& errors) {
  return compile_mirrors(
      mirrors,
      [&scope](std::string_view field, const std::string& name, FieldErrors& inner) {
        return scope.cluster(field, name, inner);
      },
      errors);
}

}  // namespace outrigger::xds
