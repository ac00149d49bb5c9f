#include "proxy/upstream/priority_loads.h"

#include <algorithm>

namespace outrigger::upstream {
namespace {

// How much of all requests a part of a priority's hosts can take, in per cent.
uint64_t capacity(const PriorityHealth& of, size_t part) {
  if (of.counted == 0) return 0;
  return std::min<uint64_t>(100, uint64_t{of.overprovisioning_percent} * part / of.counted);
}

bool below_panic(const PriorityHealth& of, double threshold) {
  double usable = 100.0 * static_cast<double>(of.healthy + of.degraded) /
                  static_cast<double>(std::max<size_t>(1, of.counted));
  return usable < threshold;
}

// What rounding left over goes to the first that has a load.
bool give_rest(std::vector<uint32_t>& loads, uint64_t left) {
  auto first = std::find_if(loads.begin(), loads.end(), [](uint32_t load) { return load > 0; });
  if (first == loads.end()) return false;
  *first += static_cast<uint32_t>(left);
  return true;
}

PriorityLoads by_size(std::span<const PriorityHealth> priorities) {
  PriorityLoads out;
  out.degraded.resize(priorities.size());
  uint64_t hosts = 0;
  for (const PriorityHealth& each : priorities) hosts += each.total;
  uint64_t left = 100;
  for (const PriorityHealth& each : priorities) {
    uint64_t load = hosts == 0 ? 0 : 100 * each.total / hosts;
    out.healthy.push_back(static_cast<uint32_t>(load));
    left -= load;
  }
  give_rest(out.healthy, left);
  return out;
}

}  // namespace

PriorityLoads share_out(std::span<const PriorityHealth> priorities, double panic_threshold) {
  uint64_t sum = 0;
  bool all_in_panic = panic_threshold > 0;
  for (const PriorityHealth& each : priorities) {
    sum += capacity(each, each.healthy) + capacity(each, each.degraded);
    if (each.total > 0) all_in_panic = all_in_panic && below_panic(each, panic_threshold);
  }
  // Panic counts only where even all priorities together are not enough.
  uint64_t norm = std::min<uint64_t>(100, sum);
  if (norm == 0 || (norm < 100 && all_in_panic)) return by_size(priorities);
  uint64_t left = 100;
  auto take = [&](uint64_t can) {
    uint64_t load = std::min(left, can * 100 / norm);
    left -= load;
    return static_cast<uint32_t>(load);
  };
  PriorityLoads out;
  for (const PriorityHealth& each : priorities)
    out.healthy.push_back(take(capacity(each, each.healthy)));
  for (const PriorityHealth& each : priorities)
    out.degraded.push_back(take(capacity(each, each.degraded)));
  if (!give_rest(out.healthy, left)) give_rest(out.degraded, left);
  return out;
}

std::vector<uint32_t> share_out_without(std::span<const PriorityHealth> priorities,
                                        std::span<const uint32_t> without) {
  std::vector<uint64_t> can;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < priorities.size(); ++i) {
    const PriorityHealth& each = priorities[i];
    bool out = std::find(without.begin(), without.end(), i) != without.end();
    can.push_back(out ? 0 : capacity(each, each.healthy + each.degraded));
    sum += can.back();
  }
  uint64_t norm = std::min<uint64_t>(100, sum);
  if (norm == 0) return {};
  std::vector<uint32_t> loads(can.size(), 0);
  // Once more for what rounding left over.
  for (uint64_t left = 100; left > 0;) {
    for (size_t i = 0; i < can.size(); ++i) {
      uint64_t load = std::min(left, can[i] * 100 / norm);
      loads[i] += static_cast<uint32_t>(load);
      left -= load;
    }
  }
  return loads;
}

std::optional<PriorityChoice> choose_priority(const PriorityLoads& loads, uint32_t draw) {
  for (bool degraded : {false, true}) {
    const std::vector<uint32_t>& of = degraded ? loads.degraded : loads.healthy;
    for (uint32_t i = 0; i < of.size(); ++i) {
      if (draw < of[i]) return PriorityChoice{i, degraded};
      draw -= of[i];
    }
  }
  return std::nullopt;
}

}  // namespace outrigger::upstream
