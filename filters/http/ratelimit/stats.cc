#include "filters/http/ratelimit/stats.h"

namespace outrigger::filters::ratelimit {

RateLimitStats& Counters::of_cluster(std::string_view cluster, unsigned worker) {
  std::lock_guard lock(mutex_);
  auto found = clusters_.find(cluster);
  if (found == clusters_.end()) {
    std::string name(cluster);
    StatsScopePtr scope = registry_.scope<RateLimitStats>(
        "cluster." + name + "." + part_, "cluster." + part_, {{"envoy.cluster_name", name}});
    found = clusters_.emplace(std::move(name), std::move(scope)).first;
  }
  return found->second->local<RateLimitStats>(worker);
}

}  // namespace outrigger::filters::ratelimit
