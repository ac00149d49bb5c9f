// FaultCounters: the statistics of one fault filter, and of each downstream cluster that faults
// were injected for. Thread: any; workers count in their own shards; the look-up of a downstream
// cluster takes a lock, which only an injected fault pays. Lifetime: the filter factory's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/filter/filter_stats.h"
#include "api/stats.h"

namespace outrigger::filters::fault {

#define OUTRIGGER_FAULT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(aborts_injected)                                      \
  COUNTER(delays_injected)                                      \
  COUNTER(faults_overflow)                                      \
  COUNTER(response_rl_injected)                                 \
  GAUGE(active_faults)
OUTRIGGER_DEFINE_STATS(FaultStats, OUTRIGGER_FAULT_STATS)

#define OUTRIGGER_DOWNSTREAM_FAULT_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(aborts_injected)                                                 \
  COUNTER(delays_injected)
OUTRIGGER_DEFINE_STATS(DownstreamFaultStats, OUTRIGGER_DOWNSTREAM_FAULT_STATS)

class FaultCounters {
 public:
  // Names come from a request's header: a client that makes them up must not fill the memory.
  static constexpr size_t kMaxDownstreamClusters = 1000;

  FaultCounters(StatsRegistry& registry, FilterStatNames names);

  FaultStats& local(unsigned worker) const { return stats_->local<FaultStats>(worker); }
  // Over all workers, as it is at about this moment.
  uint64_t active_faults() const;
  // nullptr: there are too many already.
  DownstreamFaultStats* downstream(std::string_view cluster, unsigned worker) const;

 private:
  struct Downstream {
    std::mutex mutex;
    std::unordered_map<std::string, StatsScopePtr> scopes;
  };

  StatsRegistry& registry_;
  FilterStatNames names_;
  StatsScopePtr stats_;
  std::unique_ptr<Downstream> downstream_ = std::make_unique<Downstream>();
};

}  // namespace outrigger::filters::fault
