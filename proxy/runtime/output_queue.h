// OutputQueue: what one socket has still to send, as a chain of slabs. Holds no memory while empty.
// Thread: the worker. Lifetime: a member of the socket.
#pragma once

#include <sys/uio.h>

#include <cstddef>

#include "api/bytes.h"
#include "proxy/runtime/slab.h"

namespace outrigger::runtime {

class OutputQueue {
 public:
  explicit OutputQueue(SlabPool& pool) : pool_(pool) {}
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;
  ~OutputQueue() { clear(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void append(Bytes bytes);
  // Contiguous room at the end; commit() what was filled.
  char* reserve(size_t bytes);
  void commit(size_t bytes);
  // Fills `out` with the first octets that wait; returns the number of entries used.
  int gather(iovec* out, int capacity) const;
  void consume(size_t bytes);
  void clear();

 private:
  Slab* tail_with_room(size_t bytes);

  SlabPool& pool_;
  Slab* head_ = nullptr;
  Slab* tail_ = nullptr;
  size_t size_ = 0;
};

}  // namespace outrigger::runtime
