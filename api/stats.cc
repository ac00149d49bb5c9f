#include "api/stats.h"

namespace outrigger {

void Histogram::record(uint64_t value) {
  std::atomic<uint32_t>* bins = bins_.load(std::memory_order_relaxed);
  if (bins == nullptr) {
    bins = new Bins();
    bins_.store(bins, std::memory_order_release);
  }
  std::atomic<uint32_t>& bin = bins[bin_of(value)];
  bin.store(bin.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

unsigned Histogram::bin_of(uint64_t value) {
  if (value < 10) return static_cast<unsigned>(value);
  unsigned decade = 0;
  while (value >= 100) {
    value /= 10;
    ++decade;
  }
  unsigned bin = 10 + decade * 90 + static_cast<unsigned>(value) - 10;
  return bin < kBins ? bin : kBins - 1;
}

uint64_t Histogram::bin_low(unsigned bin) {
  if (bin < 10) return bin;
  uint64_t low = 10 + (bin - 10) % 90;
  for (unsigned decade = (bin - 10) / 90; decade > 0; --decade) low *= 10;
  return low;
}

CodeCounters::~CodeCounters() {
  for (auto& block : blocks_) delete[] block.load(std::memory_order_relaxed);
}

void CodeCounters::inc(int code) {
  if (code < kMin || code > kMax) return;
  std::atomic<Counter*>& block = blocks_[(code - kMin) / kBlock];
  Counter* counters = block.load(std::memory_order_relaxed);
  if (counters == nullptr) {
    counters = new Counter[kBlock];
    block.store(counters, std::memory_order_release);
  }
  counters[(code - kMin) % kBlock].inc();
}

uint64_t CodeCounters::value(int code) const {
  if (code < kMin || code > kMax) return 0;
  const Counter* counters = blocks_[(code - kMin) / kBlock].load(std::memory_order_acquire);
  return counters == nullptr ? 0 : counters[(code - kMin) % kBlock].value();
}

StatsScope::StatsScope(std::string prefix, std::string extracted_prefix, std::vector<StatTag> tags, const StatsLayout& layout)
    : prefix_(std::move(prefix)), extracted_prefix_(std::move(extracted_prefix)), tags_(std::move(tags)), layout_(layout) {}

StatsScope::~StatsScope() {
  Shard* shard = shards_.load(std::memory_order_relaxed);
  while (shard != nullptr) {
    Shard* next = shard->next;
    layout_.destroy(shard->stats);
    delete shard;
    shard = next;
  }
}

void* StatsScope::shard(unsigned worker) {
  Shard* head = shards_.load(std::memory_order_acquire);
  for (Shard* s = head; s != nullptr; s = s->next) {
    if (s->worker == worker) return s->stats;
  }
  auto* fresh = new Shard{head, worker, layout_.create()};
  while (!shards_.compare_exchange_weak(fresh->next, fresh, std::memory_order_acq_rel)) {
  }
  return fresh->stats;
}

}  // namespace outrigger
