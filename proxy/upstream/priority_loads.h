// How requests are shared out among priorities by what of each is healthy, as Envoy documents it:
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "api/config/cluster.h"

namespace outrigger::upstream {

// The hosts of one priority. Counted: all but those of which nothing is known yet.
struct PriorityHealth {
  size_t total = 0;
  size_t counted = 0;
  size_t healthy = 0;
  size_t degraded = 0;
  uint32_t overprovisioning_percent = 140;

  // One more host. `excluded`: nothing is known of it yet.
  void add(config::Endpoint::Health health, bool excluded) {
    ++total;
    if (!excluded) ++counted;
    if (health == config::Endpoint::Health::healthy) ++healthy;
    if (health == config::Endpoint::Health::degraded) ++degraded;
  }
};

// Per cent of the requests. The lists are as long as there are priorities.
struct PriorityLoads {
  std::vector<uint32_t> healthy;
  std::vector<uint32_t> degraded;
  std::vector<bool> panic = {};  // all hosts of the priority serve, healthy or not
};

// The first priority takes what it can, then the next; degraded hosts what the healthy ones leave.
// Where all are below `panic_threshold` (per cent), the share is by size.
PriorityLoads share_out(std::span<const PriorityHealth> priorities, double panic_threshold);

// The shares, of healthy and degraded hosts together, where the priorities in `without` get none;
// empty: nothing is left that can take a request.
std::vector<uint32_t> share_out_without(std::span<const PriorityHealth> priorities,
                                        std::span<const uint32_t> without);

// `draw` is below 100: the one that it falls on; nullopt: all together are less.
std::optional<uint32_t> choose_share(std::span<const uint32_t> loads, uint32_t draw);

struct PriorityChoice {
  uint32_t priority = 0;
  bool degraded = false;
};
std::optional<PriorityChoice> choose_priority(const PriorityLoads& loads, uint32_t draw);

}  // namespace outrigger::upstream
