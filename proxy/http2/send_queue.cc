#include "proxy/http2/send_queue.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace outrigger::http2 {

void SendQueue::append(Bytes bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (tail_ == nullptr || tail_used_ == kRoom) {
      Chunk* chunk = new (pool_->take()) Chunk{nullptr};
      (tail_ == nullptr ? head_ : tail_->next) = chunk;
      tail_ = chunk;
      tail_used_ = 0;
    }
    size_t part = std::min(bytes.size(), kRoom - tail_used_);
    std::memcpy(tail_->data() + tail_used_, bytes.data(), part);
    tail_used_ += part;
    bytes.remove_prefix(part);
  }
}

Bytes SendQueue::front() const {
  if (head_ == nullptr) return {};
  size_t end = head_ == tail_ ? tail_used_ : kRoom;
  return {head_->data() + head_used_, end - head_used_};
}

void SendQueue::pop(size_t bytes) {
  size_ -= bytes;
  head_used_ += bytes;
  if (head_used_ < (head_ == tail_ ? tail_used_ : kRoom)) return;
  Chunk* done = head_;
  head_ = done->next;
  head_used_ = 0;
  if (head_ == nullptr) tail_ = nullptr;
  pool_->give(done);
}

void SendQueue::clear() {
  while (head_ != nullptr) pop(front().size());
}

}  // namespace outrigger::http2
