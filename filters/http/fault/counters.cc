#include "filters/http/fault/counters.h"

#include <algorithm>
#include <utility>

namespace outrigger::filters::fault {

FaultCounters::FaultCounters(StatsRegistry& registry, FilterStatNames names)
    : registry_(registry),
      names_(std::move(names)),
      stats_(registry.scope<FaultStats>(names_.prefix, names_.extracted, names_.tags)) {}

uint64_t FaultCounters::active_faults() const {
  int64_t sum = 0;
  stats_->for_each_shard([&sum](const void* shard) {
    sum += static_cast<const FaultStats*>(shard)->active_faults.value();
  });
  // Between two workers' writes the sum may be below zero for a moment.
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

DownstreamFaultStats* FaultCounters::downstream(std::string_view cluster, unsigned worker) const {
  std::lock_guard lock(downstream_->mutex);
  auto& scopes = downstream_->scopes;
  auto found = scopes.find(std::string(cluster));
  if (found == scopes.end()) {
    if (scopes.size() >= kMaxDownstreamClusters) return nullptr;
    std::vector<StatTag> tags = names_.tags;
    tags.push_back({"envoy.fault_downstream_cluster", std::string(cluster)});
    std::string prefix = names_.prefix + std::string(cluster) + ".";
    StatsScopePtr scope =
        registry_.scope<DownstreamFaultStats>(std::move(prefix), names_.extracted, std::move(tags));
    found = scopes.emplace(std::string(cluster), std::move(scope)).first;
  }
  return &found->second->local<DownstreamFaultStats>(worker);
}

}  // namespace outrigger::filters::fault
