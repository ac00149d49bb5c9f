// ChunkPool: a worker's free list of fixed-size memory chunks. Arena: bump allocation for ONE
// stream out of them. Thread: the owning worker. Lifetime: a pool outlives its arenas; an arena's
// memory lives until the arena is destroyed. Objects made in an arena are not destroyed by it: give
// it trivially destructible types, or hold them by ArenaPtr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace outrigger {

class ChunkPool {
 public:
  static constexpr size_t kChunkBytes = 4096;

  ChunkPool() = default;
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;
  ~ChunkPool() { trim(0); }

  void* take() {
    if (free_ == nullptr) return ::operator new(kChunkBytes);
    Node* node = free_;
    free_ = node->next;
    --free_count_;
    return node;
  }
  void give(void* chunk) {
    if (free_count_ >= max_free_) {
      ::operator delete(chunk);
      return;
    }
    free_ = new (chunk) Node{free_};
    ++free_count_;
  }
  // Gives free chunks back to the system until at most `keep` remain; the worker calls it when a
  // burst is over.
  void trim(size_t keep) {
    while (free_count_ > keep) {
      Node* node = free_;
      free_ = node->next;
      --free_count_;
      ::operator delete(node);
    }
  }
  size_t free_chunks() const { return free_count_; }

 private:
  struct Node {
    Node* next;
  };
  Node* free_ = nullptr;
  size_t free_count_ = 0;
  size_t max_free_ =
      4096;  // 16 MiB: a burst larger than this pays malloc instead of keeping memory for ever
};

class Arena {
 public:
  explicit Arena(ChunkPool& pool) : pool_(pool) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  void* allocate(size_t bytes, size_t align = alignof(std::max_align_t)) {
    auto at = (cursor_ + align - 1) & ~(uintptr_t{align} - 1);
    if (at + bytes > end_ || cursor_ == 0) return allocate_slow(bytes, align);
    cursor_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }
  char* allocate_chars(size_t bytes) { return static_cast<char*>(allocate(bytes, 1)); }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = allocate_chars(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  // One string of all the parts.
  template <class... Parts>
  std::string_view concat(const Parts&... parts) {
    size_t size = (std::string_view(parts).size() + ... + size_t{0});
    char* to = allocate_chars(size);
    char* at = to;
    auto put = [&at](std::string_view part) {
      if (!part.empty()) std::memcpy(at, part.data(), part.size());
      at += part.size();
    };
    (put(std::string_view(parts)), ...);
    return {to, size};
  }

  template <class T, class... Args>
  T* make(Args&&... args) {
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  ChunkPool& pool() { return pool_; }

 private:
  struct Header {
    Header* next;
    bool pooled;
  };

  void* allocate_slow(size_t bytes, size_t align) {
    size_t need = sizeof(Header) + bytes + align;
    bool pooled = need <= ChunkPool::kChunkBytes;
    auto* memory = static_cast<char*>(pooled ? pool_.take() : ::operator new(need));
    chunks_ = new (memory) Header{chunks_, pooled};
    auto begin = reinterpret_cast<uintptr_t>(memory) + sizeof(Header);
    auto at = (begin + align - 1) & ~(uintptr_t{align} - 1);
    if (pooled) {  // a large block of its own leaves the current chunk in use
      cursor_ = at + bytes;
      end_ = reinterpret_cast<uintptr_t>(memory) + ChunkPool::kChunkBytes;
    }
    return reinterpret_cast<void*>(at);
  }

  void release() {
    while (chunks_ != nullptr) {
      Header* chunk = chunks_;
      chunks_ = chunk->next;
      if (chunk->pooled) {
        pool_.give(chunk);
      } else {
        ::operator delete(chunk);
      }
    }
  }

  ChunkPool& pool_;
  Header* chunks_ = nullptr;
  uintptr_t cursor_ = 0;
  uintptr_t end_ = 0;
};

// Runs the destructor of an object that lives in an arena; the memory goes with the arena.
struct ArenaDelete {
  template <class T>
  void operator()(T* object) const {
    object->~T();
  }
};
template <class T>
using ArenaPtr = std::unique_ptr<T, ArenaDelete>;

template <class T, class... Args>
ArenaPtr<T> make_in_arena(Arena& arena, Args&&... args) {
  return ArenaPtr<T>(arena.make<T>(std::forward<Args>(args)...));
}

}  // namespace outrigger
