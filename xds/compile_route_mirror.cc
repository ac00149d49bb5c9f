#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "envoy/config/common/mutation_rules/v3/mutation_rules.pb.h"

#include "xds/compile_header_mutation.h"
#include "xds/compile_matcher.h"
#include "xds/compile_route_parts.h"

namespace outrigger::xds {
namespace {

using envoy::config::common::mutation_rules::v3::HeaderMutation;
using envoy::config::route::v3::RouteAction;

absl::StatusOr<config::HeaderStep> compile_step(const HeaderMutation& mutation) {
  FieldErrors errors;
  switch (mutation.action_case()) {
    case HeaderMutation::kAppend: {
      auto addition = errors.take_nested("append", compile_header_addition(mutation.append()));
      if (!errors.empty()) return errors.status();
      return config::HeaderStep(std::move(addition));
    }
    case HeaderMutation::kRemove: {
      std::string name = absl::AsciiStrToLower(mutation.remove());
      if (name.starts_with(':') || name == "host") {
        errors.add("remove", fmt::format("'{}' is part of the request line", name));
        return errors.status();
      }
      return config::HeaderStep(config::HeaderRemoval{std::move(name)});
    }
    case HeaderMutation::kRemoveOnMatch: {
      auto matcher =
          errors.take_nested("remove_on_match.key_matcher",
                             compile_string_matcher(mutation.remove_on_match().key_matcher()));
      if (!errors.empty()) return errors.status();
      return config::HeaderStep(config::HeaderRemovalByMatch{std::move(matcher)});
    }
    default:
      errors.add("", "one of append, remove and remove_on_match is needed");
      return errors.status();
  }
}

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
                           compile_step(mirror.request_headers_mutations(i))));
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
