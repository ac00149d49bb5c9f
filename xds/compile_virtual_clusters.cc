// What the requests of a virtual host are counted as: virtual clusters, and routes with a
// stat_prefix. Semantics: envoy.config.route.v3.VirtualCluster.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api/stats_route.h"
#include "xds/compile_matcher.h"
#include "xds/compile_route_parts.h"

namespace outrigger::xds {
namespace {

// Envoy takes a tag's value up to the first dot of a name; what follows stays in the statistic's
// own name: {"reviews", ".default"}.
std::pair<std::string, std::string> split_at_dot(std::string_view name) {
  size_t dot = std::min(name.find('.'), name.size());
  return {std::string(name.substr(0, dot)), std::string(name.substr(dot))};
}

StatsScopePtr make_stats(std::string_view host, std::string_view kind, std::string_view tag,
                         std::string_view name, bool tag_first, StatsRegistry& stats) {
  auto [host_value, host_rest] = split_at_dot(host);
  auto [value, rest] = split_at_dot(name);
  std::string prefix = fmt::format("vhost.{}.{}.{}.", host, kind, name);
  std::vector<StatTag> tags{{"envoy.virtual_host", host_value}};
  // Behind a host's name with a dot, there is no other tag.
  if (!host_rest.empty())
    return stats.scope<RouteStats>(
        std::move(prefix), fmt::format("vhost{}.{}.{}.", host_rest, kind, name), std::move(tags));
  tags.insert(tag_first ? tags.begin() : tags.end(), {std::string(tag), value});
  return stats.scope<RouteStats>(std::move(prefix), fmt::format("vhost.{}{}.", kind, rest),
                                 std::move(tags));
}

StatsScopePtr make_virtual_cluster_stats(std::string_view host, std::string_view name,
                                         StatsRegistry& stats) {
  return make_stats(host, "vcluster", "envoy.virtual_cluster", name, true, stats);
}

}  // namespace

StatsScopePtr make_route_stats(std::string_view host_name, std::string_view stat_prefix,
                               StatsRegistry& stats) {
  return make_stats(host_name, "route", "envoy.route", stat_prefix, false, stats);
}

std::shared_ptr<const config::VirtualClusters> compile_virtual_clusters(
    const envoy::config::route::v3::VirtualHost& host, RouteCompileContext& context,
    FieldErrors& errors) {
  if (host.virtual_clusters_size() == 0) return nullptr;
  auto out = std::make_shared<config::VirtualClusters>();
  for (int i = 0; i < host.virtual_clusters_size(); ++i) {
    const auto& cluster = host.virtual_clusters(i);
    std::string field = indexed("virtual_clusters", i);
    config::VirtualClusters::Entry entry;
    entry.name = cluster.name();
    if (cluster.headers().empty()) errors.add(field + ".headers", "value is required");
    for (int j = 0; j < cluster.headers_size(); ++j) {
      entry.headers.push_back(errors.take_nested(field + "." + indexed("headers", j),
                                                 compile_header_match(cluster.headers(j))));
    }
    entry.stats = make_virtual_cluster_stats(host.name(), cluster.name(), context.stats());
    out->entries.push_back(std::move(entry));
  }
  out->other = make_virtual_cluster_stats(host.name(), "other", context.stats());
  return out;
}

}  // namespace outrigger::xds
