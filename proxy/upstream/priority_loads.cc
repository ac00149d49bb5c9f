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

// Health tells nothing any more, the number of hosts does.
void share_by_size(std::span<const PriorityHealth> priorities, PriorityLoads& out) {
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
}

}  // namespace

PriorityLoads share_out(std::span<const PriorityHealth> priorities, double panic_threshold) {
  uint64_t sum = 0;
  for (const PriorityHealth& each : priorities)
    sum += capacity(each, each.healthy) + capacity(each, each.degraded);
  uint64_t norm = std::min<uint64_t>(100, sum);
  PriorityLoads out;
  bool all_in_panic = panic_threshold > 0;
  for (const PriorityHealth& each : priorities) {
    // Panic counts only where even all priorities together are not enough.
    out.panic.push_back(norm < 100 && each.total > 0 && below_panic(each, panic_threshold));
    all_in_panic = all_in_panic && (each.total == 0 || out.panic.back());
  }
  if (norm == 0 || (norm < 100 && all_in_panic)) {
    share_by_size(priorities, out);
    return out;
  }
  uint64_t left = 100;
  auto take = [&](uint64_t can) {
    uint64_t load = std::min(left, can * 100 / norm);
    left -= load;
    return static_cast<uint32_t>(load);
  };
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

std::optional<uint32_t> choose_share(std::span<const uint32_t> loads, uint32_t draw) {
  for (uint32_t i = 0; i < loads.size(); ++i) {
    if (draw < loads[i]) return i;
    draw -= loads[i];
  }
  return std::nullopt;
}

std::optional<PriorityChoice> choose_priority(const PriorityLoads& loads, uint32_t draw) {
  if (auto healthy = choose_share(loads.healthy, draw)) return PriorityChoice{*healthy, false};
  for (uint32_t load : loads.healthy) draw -= load;
  if (auto degraded = choose_share(loads.degraded, draw)) return PriorityChoice{*degraded, true};
  return std::nullopt;
}

}  // namespace outrigger::upstream
