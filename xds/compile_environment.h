// What compiling a configuration needs of the process and of the rest of the configuration. Thread:
// main. Lifetime: one load.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/config/cluster_ref.h"
#include "api/stats.h"

namespace outrigger::xds {

// What compiled objects are tied to for the life of the process.
struct CompileEnvironment {
  StatsRegistry& stats;
  config::ClusterSlots& clusters;
};

// Stat names have no ':': "0.0.0.0:80" is "0.0.0.0_80".
std::string stat_name(std::string_view name);

}  // namespace outrigger::xds
