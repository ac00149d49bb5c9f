#include "proxy/cpu_limit.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

namespace outrigger {
namespace {

// Quota and period in microseconds; a quota of no limit is not a limit.
std::optional<uint32_t> processors(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  int64_t rounded_up = quota / period + (quota % period != 0 ? 1 : 0);
  return static_cast<uint32_t>(std::clamp<int64_t>(rounded_up, 1, 1 << 20));
}

// v2: "max 100000" or "150000 100000".
std::optional<uint32_t> read_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  int64_t quota = 0;
  int64_t period = 0;
  if (!(file >> quota >> period)) return std::nullopt;
  return processors(quota, period);
}

// v1: two files; a quota of -1 is none.
std::optional<uint32_t> read_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  int64_t quota = 0;
  int64_t period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  return processors(quota, period);
}

void keep_smaller(std::optional<uint32_t>& limit, std::optional<uint32_t> other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

// The smallest limit from the group itself up to the mount point. A container without a namespace
// of its own sees the host's path, which does not exist below its mount; walking up ends at the
// mount point, which is then its own group.
std::optional<uint32_t> smallest_limit(const std::string& mount, std::string path,
                                       std::optional<uint32_t> (*read)(const std::string&)) {
  std::optional<uint32_t> limit;
  while (!path.empty() && path != "/") {
    keep_smaller(limit, read(mount + path));
    path.erase(path.rfind('/'));
  }
  keep_smaller(limit, read(mount));
  return limit;
}

bool has_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    std::string_view first = controllers.substr(0, controllers.find(','));
    if (first == "cpu") return true;
    controllers.remove_prefix(std::min(first.size() + 1, controllers.size()));
  }
  return false;
}

}  // namespace

std::optional<uint32_t> cgroup_cpu_limit(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  std::optional<uint32_t> limit;
  std::ifstream file(root + "/proc/self/cgroup");
  // "<hierarchy>:<controllers>:<path>"; v2 is hierarchy 0 without controllers.
  for (std::string line; std::getline(file, line);) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path.empty() || path.front() != '/') continue;
    if (controllers.empty()) {
      keep_smaller(limit, smallest_limit(mount, path, read_v2));
    } else if (has_cpu(controllers)) {
      keep_smaller(limit, smallest_limit(mount + "/cpu", path, read_v1));
      keep_smaller(limit, smallest_limit(mount + "/" + controllers, path, read_v1));
    }
  }
  return limit;
}

uint32_t allowed_processors() {
  // The kernel refuses a set that is smaller than its own, so the set grows until it fits.
  for (int bits = 1024; bits <= 1 << 20; bits *= 4) {
    cpu_set_t* set = CPU_ALLOC(static_cast<size_t>(bits));
    if (set == nullptr) break;
    size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(bits));
    int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return static_cast<uint32_t>(count);
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

uint32_t default_concurrency() {
  return std::min(allowed_processors(), cgroup_cpu_limit().value_or(UINT32_MAX));
}

}  // namespace outrigger
