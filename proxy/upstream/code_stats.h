// CodeStats: statistics of responses below a cluster's own that few clusters have, made when they
// are first needed: "canary.", "zone.<from>.<to>.", names that requests give themselves. Thread:
// one worker. Lifetime: its WorkerCluster's; a scope outlives it as long as somebody holds it.
#pragma once

#include <string>
#include <string_view>

#include "api/config/text_map.h"
#include "api/stats.h"

namespace outrigger::upstream {

class CodeStats {
 public:
  // Requests name some of them: what is beyond is not counted, so that they cannot fill the memory.
  static constexpr size_t kMost = 256;

  // ClusterCodeStats of cluster.<name>.<below>; `cluster`: the cluster's own scope. nullptr: there
  // are too many. Allocates and locks when it meets a name for the first time.
  StatsScopePtr find(const StatsScope& cluster, std::string_view below, StatsRegistry& registry);

 private:
  config::TextMap<StatsScopePtr> scopes_;
};

}  // namespace outrigger::upstream
