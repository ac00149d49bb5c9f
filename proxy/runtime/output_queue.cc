#include "proxy/runtime/output_queue.h"

#include <algorithm>
#include <cstring>

namespace outrigger::runtime {

Slab* OutputQueue::tail_with_room(size_t bytes) {
  if (tail_ != nullptr && tail_->room() >= bytes) return tail_;
  Slab* slab = pool_.take(bytes);
  if (tail_ == nullptr) {
    head_ = slab;
  } else {
    tail_->next = slab;
  }
  tail_ = slab;
  return slab;
}

void OutputQueue::append(Bytes bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    Slab* slab = tail_with_room(1);
    size_t n = std::min(bytes.size(), slab->room());
    std::memcpy(slab->data() + slab->end, bytes.data(), n);
    slab->end += static_cast<uint32_t>(n);
    bytes.remove_prefix(n);
  }
}

char* OutputQueue::reserve(size_t bytes) {
  Slab* slab = tail_with_room(bytes);
  return slab->data() + slab->end;
}

void OutputQueue::commit(size_t bytes) {
  tail_->end += static_cast<uint32_t>(bytes);
  size_ += bytes;
}

int OutputQueue::gather(iovec* out, int capacity) const {
  int n = 0;
  for (Slab* slab = head_; slab != nullptr && n < capacity; slab = slab->next) {
    if (slab->size() != 0) out[n++] = {slab->data() + slab->begin, slab->size()};
  }
  return n;
}

void OutputQueue::consume(size_t bytes) {
  size_ -= bytes;
  while (head_ != nullptr && bytes >= head_->size()) {
    bytes -= head_->size();
    Slab* next = head_->next;
    pool_.give(head_);
    head_ = next;
  }
  if (head_ == nullptr) {
    tail_ = nullptr;
  } else {
    head_->begin += static_cast<uint32_t>(bytes);
  }
}

void OutputQueue::clear() {
  while (head_ != nullptr) {
    Slab* next = head_->next;
    pool_.give(head_);
    head_ = next;
  }
  tail_ = nullptr;
  size_ = 0;
}

}  // namespace outrigger::runtime
