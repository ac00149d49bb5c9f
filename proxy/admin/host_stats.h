// What is counted per endpoint, summed over the workers, as /clusters shows it. Thread: main.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "api/config/cluster.h"

namespace outrigger::admin {

struct HostStat {
  std::string_view name;
  bool gauge;
  uint64_t value;
};

// Counters by name, then gauges by name. An endpoint that no worker has used has zeros.
std::vector<HostStat> host_stats(const config::Endpoint& endpoint);

}  // namespace outrigger::admin
