// cluster.<name>.ratelimit.[<prefix>.]*, of the cluster that the request is for. Thread: any;
// finding a cluster's takes a lock, once for each answer of the service. Lifetime: the factory's.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "api/stats.h"

namespace outrigger::filters::ratelimit {

#define OUTRIGGER_RATELIMIT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(error)                                                    \
  COUNTER(failure_mode_allowed)                                     \
  COUNTER(ok)                                                       \
  COUNTER(over_limit)
OUTRIGGER_DEFINE_STATS(RateLimitStats, OUTRIGGER_RATELIMIT_STATS)

class Counters {
 public:
  // `part`: "ratelimit." or "ratelimit.<prefix>.".
  Counters(StatsRegistry& registry, std::string part)
      : registry_(registry), part_(std::move(part)) {}
  RateLimitStats& of_cluster(std::string_view cluster, unsigned worker);

 private:
  StatsRegistry& registry_;
  std::string part_;
  std::mutex mutex_;
  std::map<std::string, StatsScopePtr, std::less<>> clusters_;
};

}  // namespace outrigger::filters::ratelimit
