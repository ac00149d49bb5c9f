// How many workers the machine, or the container that this process is in, has processor time for.
// Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace outrigger {

// Processors' worth of time that the control group (v1 or v2) or one of its ancestors allows,
// rounded up, at least 1; absent: no limit. Reads <root>/proc/self/cgroup and <root>/sys/fs/cgroup.
std::optional<uint32_t> cgroup_cpu_limit(const std::string& root = "");

// The processors that the process may be scheduled on; at least 1.
uint32_t allowed_processors();

// The smaller of both.
uint32_t default_concurrency();

}  // namespace outrigger
