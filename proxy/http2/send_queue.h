// SendQueue: octets of ONE stream's body that flow control or the transport did not admit yet, in
// chunks of the worker's pool.
// Thread: the worker. Lifetime: the stream's; holds no memory while empty.
#pragma once

#include <cstddef>

#include "api/arena.h"
#include "api/bytes.h"

namespace outrigger::http2 {

class SendQueue {
 public:
  SendQueue() = default;
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;
  ~SendQueue() { clear(); }

  // Before the first append(). The pool outlives the queue.
  void use(ChunkPool& pool) { pool_ = &pool; }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void append(Bytes bytes);
  // The oldest octets that lie together; empty only if the queue is.
  Bytes front() const;
  // Precondition: bytes <= front().size().
  void pop(size_t bytes);
  void clear();

 private:
  struct Chunk {
    Chunk* next;
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };
  static constexpr size_t kRoom = ChunkPool::kChunkBytes - sizeof(Chunk);

  ChunkPool* pool_ = nullptr;
  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  size_t head_used_ = 0;  // octets already popped from the first chunk
  size_t tail_used_ = 0;  // octets written into the last chunk
  size_t size_ = 0;
};

}  // namespace outrigger::http2
