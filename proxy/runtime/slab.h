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
  uint32_t capacity = 0;

  char* data() { return reinterpret_cast<char*>(this + 1); }
  size_t size() const { return end - begin; }
  size_t room() const { return capacity - end; }
};

class SlabPool {
 public:
  static constexpr size_t kCapacity = Slab::kBytes - sizeof(Slab);

  SlabPool() = default;
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;
  ~SlabPool() { trim(0); }

  // A slab with at least `room` octets; one of more than kCapacity is not kept for reuse.
  Slab* take(size_t room = 1) {
    if (room > kCapacity) return make(room);
    if (free_ == nullptr) return make(kCapacity);
    Slab* slab = free_;
    free_ = slab->next;
    --free_count_;
    if (free_count_ < low_water_) low_water_ = free_count_;
    slab->next = nullptr;
    slab->begin = slab->end = 0;
    return slab;
  }
  void give(Slab* slab) {
    if (slab->capacity != kCapacity) {
      ::operator delete(slab);
      return;
    }
    slab->next = free_;
    free_ = slab;
    ++free_count_;
  }
  void trim(size_t keep) {
    while (free_count_ > keep) {
      Slab* slab = free_;
      free_ = slab->next;
      --free_count_;
      ::operator delete(slab);
    }
    low_water_ = free_count_;
  }
  // Called now and then: frees what was not needed since the last call.
  void trim_unused() { trim(free_count_ - low_water_); }
  size_t free_slabs() const { return free_count_; }

 private:
  static Slab* make(size_t capacity) {
    auto* slab = new (::operator new(sizeof(Slab) + capacity)) Slab;
    slab->capacity = static_cast<uint32_t>(capacity);
    return slab;
  }

  Slab* free_ = nullptr;
  size_t free_count_ = 0;
  size_t low_water_ = 0;
};

}  // namespace outrigger::runtime
