// http.<stat_prefix>.ext_authz.[<prefix>.]* and cluster.<name>.ext_authz.[<prefix>.]*, the latter
// of the cluster that the request was for. Thread: any; workers count in their own shards; finding
// a cluster's takes a lock, once for each answer of the service. Lifetime: the factory's.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "api/stats.h"

namespace outrigger::filters::ext_authz {

#define OUTRIGGER_EXT_AUTHZ_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(denied)                                                   \
  COUNTER(disabled)                                                 \
  COUNTER(error)                                                    \
  COUNTER(failure_mode_allowed)                                     \
  COUNTER(filter_state_name_collision)                              \
  COUNTER(ignored_dynamic_metadata)                                 \
  COUNTER(invalid)                                                  \
  COUNTER(ok)                                                       \
  COUNTER(omitted_response_headers)                                 \
  COUNTER(request_header_limits_reached)                            \
  COUNTER(response_header_limits_reached)
OUTRIGGER_DEFINE_STATS(ExtAuthzStats, OUTRIGGER_EXT_AUTHZ_STATS)

#define OUTRIGGER_EXT_AUTHZ_CLUSTER_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(denied)                                                           \
  COUNTER(error)                                                            \
  COUNTER(failure_mode_allowed)                                             \
  COUNTER(ok)
OUTRIGGER_DEFINE_STATS(ExtAuthzClusterStats, OUTRIGGER_EXT_AUTHZ_CLUSTER_STATS)

class Counters {
 public:
  // `part`: "ext_authz." or "ext_authz.<prefix>.".
  Counters(StatsRegistry& registry, StatsScopePtr own, std::string part)
      : registry_(registry), own_(std::move(own)), part_(std::move(part)) {}

  ExtAuthzStats& own(unsigned worker) { return own_->local<ExtAuthzStats>(worker); }
  ExtAuthzClusterStats& of_cluster(std::string_view cluster, unsigned worker);

 private:
  StatsRegistry& registry_;
  StatsScopePtr own_;
  std::string part_;
  std::mutex mutex_;
  std::map<std::string, StatsScopePtr, std::less<>> clusters_;
};

}  // namespace outrigger::filters::ext_authz
