// Slot: a place whose content is replaced while the process runs: a route table that a management
// server sends, a TLS context whose certificate was renewed. SlotReader: one thread's view of it.
// Thread: a slot is filled by the main thread and read by any; a reader belongs to one thread.
// Lifetime: shared; what was read stays alive as long as somebody holds it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace outrigger::config {

template <class T>
class Slot {
 public:
  using Value = std::shared_ptr<const T>;

  Slot() = default;
  explicit Slot(Value value) : current_(std::move(value)), version_(1) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  // nullptr: its content is not there yet. Takes a lock, so ask only when version() has changed.
  Value current() const {
    std::lock_guard lock(mutex_);
    return current_;
  }
  // Grows with every set().
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  void set(Value value) {
    {
      std::lock_guard lock(mutex_);
      current_ = std::move(value);
    }
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  Value current_;
  std::atomic<uint64_t> version_{0};
};

template <class T>
class SlotReader {
 public:
  using Value = std::shared_ptr<const T>;

  explicit SlotReader(std::shared_ptr<const Slot<T>> slot) : slot_(std::move(slot)) {}

  // The slot's content now. Copies of the pointer are counted for this reader alone, so that
  // threads that keep the same content do not write to the same memory.
  const Value& get() {
    uint64_t version = slot_->version();
    if (version != seen_) {
      seen_ = version;
      Value now = slot_->current();
      const T* content = now.get();
      value_ =
          content == nullptr ? nullptr : Value(std::make_shared<Value>(std::move(now)), content);
    }
    return value_;
  }

 private:
  std::shared_ptr<const Slot<T>> slot_;
  uint64_t seen_ = 0;
  Value value_;
};

}  // namespace outrigger::config
