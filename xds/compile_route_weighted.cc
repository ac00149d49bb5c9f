#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include <fmt/format.h>

#include "xds/compile_route_parts.h"
#include "xds/compile_subset_match.h"

namespace outrigger::xds {
namespace {

using envoy::config::route::v3::WeightedCluster;

config::WeightedCluster compile_one(const WeightedCluster::ClusterWeight& cluster,
                                    const config::MetadataMatchCriteriaPtr& route_match,
                                    const std::string& field, RouteScope& scope,
                                    FieldErrors& errors) {
  config::WeightedCluster out;
  FieldErrors inner;
  if (cluster.name().empty() == cluster.cluster_header().empty()) {
    inner.add("", "exactly one of name and cluster_header must be set");
  } else if (!cluster.name().empty()) {
    out.cluster = scope.cluster("name", cluster.name(), inner);
    out.name = cluster.name();
  } else {
    out.cluster_header = absl::AsciiStrToLower(cluster.cluster_header());
  }
  out.weight = cluster.weight().value();
  compile_header_levels(cluster, out, inner);
  out.per_filter =
      inner.take_nested("typed_per_filter_config",
                        scope.context.compile_per_filter(cluster.typed_per_filter_config()));
  out.host_rewrite = cluster.host_rewrite_literal();
  out.metadata_match = compile_subset_match(cluster.metadata_match(), route_match);
  errors.add_nested(field, inner.status());
  return out;
}

}  // namespace

void compile_weighted_clusters(const WeightedCluster& clusters, RouteScope& scope,
                               config::ForwardAction& out, FieldErrors& errors) {
  out.weight_by_hash = clusters.use_hash_policy().value();
  out.weights_in_runtime = !clusters.runtime_key_prefix().empty();
  for (int i = 0; i < clusters.clusters_size(); ++i) {
    out.weighted.push_back(compile_one(clusters.clusters(i), out.metadata_match,
                                       indexed("weighted_clusters.clusters", i), scope, errors));
    out.total_weight += out.weighted.back().weight;
    if (out.weights_in_runtime) {
      out.weighted.back().runtime_key =
          fmt::format("{}.{}", clusters.runtime_key_prefix(), clusters.clusters(i).name());
    }
  }
  if (out.total_weight == 0) errors.add("weighted_clusters", "total weight is 0");
  if (out.total_weight > UINT32_MAX) {
    errors.add("weighted_clusters", fmt::format("total weight is above {}", UINT32_MAX));
  }
  out.weight_header = absl::AsciiStrToLower(clusters.header_name());
}

}  // namespace outrigger::xds
