#include "api/stats.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace outrigger {

Histogram::~Histogram() {
  Blocks* blocks = blocks_.load(std::memory_order_relaxed);
  if (blocks == nullptr) return;
  for (auto& block : blocks->at) delete block.load(std::memory_order_relaxed);
  delete blocks;
}

std::atomic<uint32_t>& Histogram::writable_bin(unsigned bin) {
  Blocks* blocks = blocks_.load(std::memory_order_relaxed);
  if (blocks == nullptr) {
    blocks = new Blocks();
    blocks_.store(blocks, std::memory_order_release);
  }
  std::atomic<Block*>& place = blocks->at[bin / kBlockBins];
  Block* block = place.load(std::memory_order_relaxed);
  if (block == nullptr) {
    block = new Block();
    place.store(block, std::memory_order_release);
  }
  return block->bins[bin % kBlockBins];
}

void Histogram::record(uint64_t value) {
  std::atomic<uint32_t>& bin = writable_bin(bin_of(value));
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
  Blocks* blocks = blocks_.load(std::memory_order_relaxed);
  if (blocks == nullptr) return;
  for (auto& block : blocks->at) delete[] block.load(std::memory_order_relaxed);
  delete blocks;
}

void CodeCounters::add(int code, uint64_t n) {
  if (code < kMin || code > kMax) return;
  Blocks* blocks = blocks_.load(std::memory_order_relaxed);
  if (blocks == nullptr) {
    blocks = new Blocks();
    blocks_.store(blocks, std::memory_order_release);
  }
  std::atomic<Counter*>& block = blocks->at[(code - kMin) / kBlock];
  Counter* counters = block.load(std::memory_order_relaxed);
  if (counters == nullptr) {
    counters = new Counter[kBlock];
    block.store(counters, std::memory_order_release);
  }
  counters[(code - kMin) % kBlock].add(n);
}

uint64_t CodeCounters::value(int code) const {
  if (code < kMin || code > kMax) return 0;
  const Blocks* blocks = blocks_.load(std::memory_order_acquire);
  if (blocks == nullptr) return 0;
  const Counter* counters = blocks->at[(code - kMin) / kBlock].load(std::memory_order_acquire);
  return counters == nullptr ? 0 : counters[(code - kMin) % kBlock].value();
}

NestedStatFields::NestedStatFields(std::initializer_list<Part> parts) {
  for (const Part& part : parts) {
    for (const StatField& field : part.layout.fields) {
      std::string& name = names_.emplace_back(part.name);
      name += '.';
      name += field.name;
      fields_.push_back({name.c_str(), field.kind,
                         static_cast<uint32_t>(part.offset + field.offset), field.once_used});
    }
  }
}

namespace {

// Tags that scopes carry as a place in their prefix.
constexpr std::string_view kWellKnownTags[] = {
    "envoy.cluster_name", "envoy.http_conn_manager_prefix", "envoy.listener_address",
    "envoy.worker_id",    "envoy.rds_route_config",         "envoy.fault_downstream_cluster"};

}  // namespace

StatsScope::StatsScope(std::string_view prefix, std::string_view extracted_prefix,
                       std::vector<StatTag> tags, const StatsLayout& layout)
    : layout_(layout),
      text_(std::make_unique_for_overwrite<char[]>(prefix.size())),
      prefix_size_(static_cast<uint32_t>(prefix.size())) {
  if (!prefix.empty()) std::memcpy(text_.get(), prefix.data(), prefix.size());
  if (!place_tags(extracted_prefix, tags)) {
    place_count_ = 0;
    description_ =
        std::make_unique<Description>(Description{std::string(extracted_prefix), std::move(tags)});
  }
}

bool StatsScope::place_tags(std::string_view extracted_prefix, const std::vector<StatTag>& tags) {
  if (tags.size() > kMaxPlaces || prefix_size_ > 0xffff) return false;
  for (const StatTag& tag : tags) {
    const auto* name = std::find(std::begin(kWellKnownTags), std::end(kWellKnownTags), tag.name);
    // "." on both sides: a cluster named "c" must not be found inside "cluster.".
    size_t at = prefix().find("." + tag.value + ".");
    if (name == std::end(kWellKnownTags) || at == std::string_view::npos) return false;
    places_[place_count_++] = {static_cast<uint16_t>(at + 1),
                               static_cast<uint16_t>(tag.value.size()),
                               static_cast<uint8_t>(name - std::begin(kWellKnownTags))};
  }
  return without_places() == extracted_prefix;
}

std::string StatsScope::without_places() const {
  std::string out(prefix());
  // From the back, so that the other places stay where they are.
  for (size_t end = out.size() + 1;;) {
    const TagPlace* last = nullptr;
    for (const TagPlace& place : std::span(places_, place_count_)) {
      if (place.begin < end && (last == nullptr || place.begin > last->begin)) last = &place;
    }
    if (last == nullptr) return out;
    out.erase(last->begin, last->size + size_t{1});
    end = last->begin;
  }
}

std::string StatsScope::extracted_prefix() const {
  return description_ != nullptr ? description_->extracted_prefix : without_places();
}

std::vector<StatTag> StatsScope::tags() const {
  if (description_ != nullptr) return description_->tags;
  std::vector<StatTag> tags;
  for (const TagPlace& place : std::span(places_, place_count_)) {
    tags.push_back({std::string(kWellKnownTags[place.name]),
                    std::string(prefix().substr(place.begin, place.size))});
  }
  return tags;
}

StatsScope::~StatsScope() {
  Shard* shard = shards_.load(std::memory_order_relaxed);
  while (shard != nullptr) {
    Shard* next = shard->next;
    layout_.destroy(shard->stats);
    delete shard;
    shard = next;
  }
}

// Threads may ask for the same one at the same time: each looks at what came in front of those that
// it has seen.
void* StatsScope::shard(unsigned worker) {
  Shard* head = shards_.load(std::memory_order_acquire);
  const Shard* seen = nullptr;
  Shard* fresh = nullptr;
  do {
    for (Shard* s = head; s != seen; s = s->next) {
      if (s->worker != worker) continue;
      if (fresh != nullptr) layout_.destroy(fresh->stats);
      delete fresh;
      return s->stats;
    }
    seen = head;
    if (fresh == nullptr) fresh = new Shard{nullptr, worker, layout_.create()};
    fresh->next = head;
  } while (!shards_.compare_exchange_weak(head, fresh, std::memory_order_acq_rel));
  return fresh->stats;
}

}  // namespace outrigger
