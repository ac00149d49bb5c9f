#include "proxy/admin/host_stats.h"

#include <algorithm>

#include "api/stats_cluster.h"

namespace outrigger::admin {
namespace {

int64_t value_of(const void* stats, const StatField& field) {
  const void* at = static_cast<const char*>(stats) + field.offset;
  if (field.kind == StatKind::gauge) return static_cast<const Gauge*>(at)->value();
  return static_cast<int64_t>(static_cast<const Counter*>(at)->value());
}

}  // namespace

std::vector<HostStat> host_stats(const config::Endpoint& endpoint) {
  std::vector<HostStat> stats;
  for (const StatField& field : HostStats::layout().fields) {
    int64_t sum = 0;
    if (endpoint.stats != nullptr) {
      endpoint.stats->for_each_shard([&](const void* shard) { sum += value_of(shard, field); });
    }
    // Between two workers' writes a gauge may be below zero for a moment.
    stats.push_back({field.name, field.kind == StatKind::gauge,
                     static_cast<uint64_t>(std::max<int64_t>(sum, 0))});
  }
  std::sort(stats.begin(), stats.end(), [](const HostStat& a, const HostStat& b) {
    return a.gauge != b.gauge ? b.gauge : a.name < b.name;
  });
  return stats;
}

}  // namespace outrigger::admin
