// ClusterRef: the name of a cluster together with its slot. Every name that configuration mentions
// has one slot for the life of the process, so a worker finds its cluster by an index, whether or
// not (yet) a cluster of that name exists.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace outrigger::config {

struct ClusterRef {
  static constexpr uint32_t kNoSlot = 0xffffffff;
  std::string name;
  uint32_t slot = kNoSlot;
};

// Thread: main (the lock guards against tests and look-ups by name from workers: cluster_header).
class ClusterSlots {
 public:
  ClusterRef ref(std::string_view name) {
    std::lock_guard lock(mutex_);
    auto [it, fresh] = slots_.try_emplace(std::string(name), static_cast<uint32_t>(slots_.size()));
    return {it->first, it->second};
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return slots_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, uint32_t> slots_;
};

}  // namespace outrigger::config
