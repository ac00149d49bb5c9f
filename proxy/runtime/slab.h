// SlabPool: a worker's free list of output buffers. Slab: one of them, a piece of a socket's output
// queue. Thread: the owning worker. An idle connection holds no slab; trim() gives what a burst
// took back to the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace outrigger::runtime {

struct Slab {
  static constexpr size_t kBytes = 16 * 1024;

  Slab* next = nullptr;
  uint32_t begin = 0;  // octets [begin, end) wait to be sent
  uint32_t end = 0;
  char data[kBytes - 16];

  size_t size() const { return end - begin; }
  size_t room() const { return sizeof data - end; }
};

class SlabPool {
 public:
  SlabPool() = default;
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;
  ~SlabPool() { trim(0); }

  Slab* take() {
    if (free_ == nullptr) return new Slab;
    Slab* slab = free_;
    free_ = slab->next;
    --free_count_;
    if (free_count_ < low_water_) low_water_ = free_count_;
    slab->next = nullptr;
    slab->begin = slab->end = 0;
    return slab;
  }
  void give(Slab* slab) {
    slab->next = free_;
    free_ = slab;
    ++free_count_;
  }
  void trim(size_t keep) {
    while (free_count_ > keep) {
      Slab* slab = free_;
      free_ = slab->next;
      --free_count_;
      delete slab;
    }
    low_water_ = free_count_;
  }
  // Called now and then: frees what was not needed since the last call.
  void trim_unused() { trim(free_count_ - low_water_); }
  size_t free_slabs() const { return free_count_; }

 private:
  Slab* free_ = nullptr;
  size_t free_count_ = 0;
  size_t low_water_ = 0;
};

}  // namespace outrigger::runtime
