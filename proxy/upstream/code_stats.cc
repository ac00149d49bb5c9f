#include "proxy/upstream/code_stats.h"

#include "api/stats_cluster.h"

namespace outrigger::upstream {

StatsScopePtr CodeStats::find(const StatsScope& cluster, std::string_view below,
                              StatsRegistry& registry) {
  auto found = scopes_.find(below);
  if (found != scopes_.end()) return found->second;
  if (scopes_.size() >= kMost) return nullptr;
  std::string end(below);
  StatsScopePtr made = registry.scope<ClusterCodeStats>(
      std::string(cluster.prefix()) + end, cluster.extracted_prefix() + end, cluster.tags());
  scopes_.emplace(std::move(end), made);
  return made;
}

}  // namespace outrigger::upstream
