#include "proxy/observe/log_channel.h"

#include <new>

namespace outrigger::observe {

LogChannel::Block* LogChannel::make_block(size_t capacity) {
  auto* block = new (::operator new(sizeof(Block) + capacity)) Block;
  block->capacity = capacity;
  return block;
}

void LogChannel::free_block(Block* block) {
  if (block == nullptr) return;
  block->~Block();
  ::operator delete(block);
}

LogChannel::~LogChannel() {
  Block* block = read_block_ != nullptr ? read_block_ : first_.load(std::memory_order_relaxed);
  while (block != nullptr) {
    Block* next = block->next.load(std::memory_order_relaxed);
    free_block(block);
    block = next;
  }
  free_block(spare_.load(std::memory_order_relaxed));
}

uint64_t LogChannel::queued_bytes() const {
  uint64_t consumed = consumed_.load(std::memory_order_acquire);
  return produced_.load(std::memory_order_acquire) - consumed;
}

bool LogChannel::has_room() {
  if (queued_bytes() < kMaxQueuedBytes) return true;
  stats_.write_dropped.inc();
  return false;
}

LineBuffer LogChannel::rest_of_block() {
  if (write_block_ == nullptr) {
    write_block_ = take_block(kBlockBytes);
    first_.store(write_block_, std::memory_order_release);
  }
  return {write_block_->data() + written_, write_block_->capacity - written_};
}

void LogChannel::publish(size_t bytes) {
  written_ += bytes;
  write_block_->published.store(written_, std::memory_order_release);
  produced_.store(produced_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
  stats_.write_buffered.inc();
  stats_.write_total_buffered.add(static_cast<int64_t>(bytes));
  // One wake-up until the writer has looked.
  if (queued_bytes() >= kBlockBytes && !wake_asked_.load(std::memory_order_relaxed)) {
    wake_asked_.store(true, std::memory_order_relaxed);
    wakeup_.wake();
  }
}

bool LogChannel::next_block() {
  size_t capacity = kBlockBytes;
  if (written_ == 0) {
    capacity = write_block_->capacity * 8;
    if (capacity > 2 * kMaxLineBytes) {
      stats_.write_dropped.inc();
      return false;
    }
  }
  Block* fresh = take_block(capacity);
  write_block_->next.store(fresh, std::memory_order_release);
  write_block_ = fresh;
  written_ = 0;
  return true;
}

LogChannel::Block* LogChannel::take_block(size_t capacity) {
  Block* spare =
      capacity == kBlockBytes ? spare_.exchange(nullptr, std::memory_order_acquire) : nullptr;
  return spare != nullptr ? spare : make_block(capacity);
}

void LogChannel::give_back(Block* block) {
  if (block->capacity != kBlockBytes) {
    free_block(block);
    return;
  }
  block->next.store(nullptr, std::memory_order_relaxed);
  block->published.store(0, std::memory_order_relaxed);
  free_block(spare_.exchange(block, std::memory_order_acq_rel));
}

std::string_view LogChannel::pending() {
  wake_asked_.store(false, std::memory_order_relaxed);
  if (read_block_ == nullptr) read_block_ = first_.load(std::memory_order_acquire);
  while (read_block_ != nullptr) {
    // The successor first: what the worker published before it went on is then visible, too.
    Block* next = read_block_->next.load(std::memory_order_acquire);
    size_t published = read_block_->published.load(std::memory_order_acquire);
    if (read_ < published) return {read_block_->data() + read_, published - read_};
    if (next == nullptr) break;
    give_back(read_block_);
    read_block_ = next;
    read_ = 0;
  }
  return {};
}

void LogChannel::consume(size_t bytes) {
  read_ += bytes;
  consumed_.store(consumed_.load(std::memory_order_relaxed) + bytes, std::memory_order_release);
}

}  // namespace outrigger::observe
