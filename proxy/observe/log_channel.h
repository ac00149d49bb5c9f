// LogChannel: lines from ONE worker to the thread that writes ONE file. Neither side ever waits for
// the other. Thread: write_line() and close(): the worker; pending(), consume() and closed(): the
// writer. Lifetime: shared by both sides.
//
// Lines are appended to a chain of blocks and published one by one; the writer reads whatever is
// published and gives an empty block back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/observe/line_buffer.h"
#include "proxy/observe/log_stats.h"

namespace outrigger::observe {

// Told by a worker that a channel has enough to be written at once.
class LogWakeup {
 public:
  virtual void wake() = 0;

 protected:
  ~LogWakeup() = default;
};

class LogChannel {
 public:
  static constexpr size_t kBlockBytes = 64 * 1024;  // what one write takes, as Envoy flushes
  // The longest line. Heads are at most 8 MiB in Envoy's configuration, 60 KiB by default; escapes
  // make them longer.
  static constexpr size_t kMaxLineBytes = 4 * 1024 * 1024;
  // What a channel holds for a disk that does not keep up; more is dropped and counted.
  static constexpr uint64_t kMaxQueuedBytes = 8 * 1024 * 1024;

  // `stats` is the worker's shard.
  LogChannel(LogWakeup& wakeup, FilesystemStats& stats) : wakeup_(wakeup), stats_(stats) {}
  LogChannel(const LogChannel&) = delete;
  LogChannel& operator=(const LogChannel&) = delete;
  ~LogChannel();

  // Calls write(LineBuffer&) to make one line; again with more room if there was too little.
  template <class Write>
  void write_line(Write write) {
    if (!has_room()) return;
    while (true) {
      LineBuffer line = rest_of_block();
      write(line);
      if (!line.overflowed()) {
        publish(line.size());
        return;
      }
      if (!next_block()) return;
    }
  }
  void close() { closed_.store(true, std::memory_order_release); }

  // What can be written now: whole lines; empty: nothing.
  std::string_view pending();
  void consume(size_t bytes);
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  uint64_t queued_bytes() const;

 private:
  struct Block {
    std::atomic<Block*> next{nullptr};
    std::atomic<size_t> published{0};
    size_t capacity = 0;
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };
  static Block* make_block(size_t capacity);
  static void free_block(Block* block);

  bool has_room();
  LineBuffer rest_of_block();
  void publish(size_t bytes);
  // False: the line is longer than any block may be; it is dropped.
  bool next_block();
  Block* take_block(size_t capacity);
  void give_back(Block* block);

  LogWakeup& wakeup_;
  FilesystemStats& stats_;

  // The worker's.
  Block* write_block_ = nullptr;
  size_t written_ = 0;  // in write_block_
  std::atomic<uint64_t> produced_{0};

  std::atomic<Block*> first_{nullptr};  // set once, by the worker
  std::atomic<Block*> spare_{nullptr};  // a block to use again
  std::atomic<bool> wake_asked_{false};
  std::atomic<bool> closed_{false};

  // The writer's.
  Block* read_block_ = nullptr;
  size_t read_ = 0;  // in read_block_
  std::atomic<uint64_t> consumed_{0};
};

}  // namespace outrigger::observe
