// Statistics: fixed structs of counters, gauges and histograms inside the object that they
// describe; one shard per worker. Thread: a shard has ONE writer (its worker); anyone may read.
// Nothing here locks on the request path. Names exist only when somebody reads: a scope knows its
// prefix, a layout knows the fields' names.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/text_readout.h"

namespace outrigger {

class Counter {
 public:
  void inc() { add(1); }
  void add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A gauge's value is the sum of the workers' parts, so a part may be negative. It is used from the
// first write on, as Envoy's are, whatever it was set to: a series that went back to 0 must not
// vanish from `usedonly`.
class Gauge {
 public:
  void inc() { add(1); }
  void dec() { add(-1); }
  void add(int64_t n) { value_.store(value() + n, std::memory_order_relaxed); }
  void set(int64_t v) { value_.store(v, std::memory_order_relaxed); }
  int64_t value() const {
    int64_t v = value_.load(std::memory_order_relaxed);
    return v == kUnused ? 0 : v;
  }
  bool used() const { return value_.load(std::memory_order_relaxed) != kUnused; }

 private:
  static constexpr int64_t kUnused = std::numeric_limits<int64_t>::min();
  std::atomic<int64_t> value_{kUnused};
};

// Log-linear bins, two significant decimal digits (90 bins a decade), allocated by blocks when a
// value first falls into one: most histograms only ever see values of one magnitude. Unsigned
// integers only.
class Histogram {
 public:
  static constexpr unsigned kBins =
      1 + 9 + 90 * 9;  // 0, 1..9, then 10..99 of each decade up to 10^10

  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;
  ~Histogram();

  void record(uint64_t value);
  // Smallest value of a bin, and of the next one.
  static uint64_t bin_low(unsigned bin);
  static unsigned bin_of(uint64_t value);

  uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
  // Calls visit(unsigned bin, uint32_t count) for each bin that has values, from the lowest.
  template <class Visit>
  void for_each_bin(Visit visit) const {
    const Blocks* blocks = blocks_.load(std::memory_order_acquire);
    if (blocks == nullptr) return;
    for (unsigned i = 0; i < kBlocks; ++i) {
      const Block* block = blocks->at[i].load(std::memory_order_acquire);
      if (block == nullptr) continue;
      for (unsigned j = 0; j < kBlockBins; ++j) {
        uint32_t count = block->bins[j].load(std::memory_order_relaxed);
        if (count != 0) visit(i * kBlockBins + j, count);
      }
    }
  }

 private:
  static constexpr unsigned kBlockBins = 41;
  static constexpr unsigned kBlocks = kBins / kBlockBins;
  static_assert(kBlocks * kBlockBins == kBins);
  struct Block {
    std::atomic<uint32_t> bins[kBlockBins] = {};
  };
  struct Blocks {
    std::atomic<Block*> at[kBlocks] = {};
  };

  std::atomic<uint32_t>& writable_bin(unsigned bin);

  std::atomic<uint64_t> count_{0};
  std::atomic<uint64_t> sum_{0};
  std::atomic<Blocks*> blocks_{nullptr};  // nullptr before the first value
};

// Counters by HTTP response code: "<name>_<code>" for each code seen; allocated when seen.
class CodeCounters {
 public:
  static constexpr int kMin = 100;
  static constexpr int kMax = 599;

  CodeCounters() = default;
  CodeCounters(const CodeCounters&) = delete;
  CodeCounters& operator=(const CodeCounters&) = delete;
  ~CodeCounters();

  void inc(int code) { add(code, 1); }
  void add(int code, uint64_t n);
  uint64_t value(int code) const;

 private:
  static constexpr int kBlock = 10;  // codes are kept by tens: 200..209, ...
  struct Blocks {
    std::atomic<Counter*> at[(kMax - kMin + 1) / kBlock] = {};
  };
  std::atomic<Blocks*> blocks_{nullptr};  // nullptr before the first code
};

enum class StatKind : uint8_t {
  counter,
  gauge,
  histogram,
  codes,
  text
};

struct StatField {
  const char* name;
  StatKind kind;
  uint32_t offset;
  bool once_used = false;  // listed only then: Envoy makes the like of it with its first value
};

struct StatsLayout {
  std::span<const StatField> fields;
  void* (*create)();
  void (*destroy)(void*);
  bool once_made = false;  // listed only when a thread has a shard: Envoy makes the like of it then
};

template <class Stats>
constexpr StatsLayout layout_of(std::span<const StatField> fields, bool once_made = false) {
  return {fields, [] { return static_cast<void*>(new Stats); },
          [](void* stats) { delete static_cast<Stats*>(stats); }, once_made};
}

// The fields of whose names `keep` says true, for a layout that has only some of a struct's.
template <class Keep>
std::vector<StatField> fields_where(const StatsLayout& layout, Keep keep) {
  std::vector<StatField> out;
  for (const StatField& field : layout.fields) {
    if (keep(std::string_view(field.name))) out.push_back(field);
  }
  return out;
}

// The fields of a struct whose members are structs of statistics: "<member's name>.<field>". One
// scope for several costs an object less for each. Lives as long as the layout that has its fields.
class NestedStatFields {
 public:
  struct Part {
    std::string_view name;
    const StatsLayout& layout;
    size_t offset;
  };
  explicit NestedStatFields(std::initializer_list<Part> parts);
  std::span<const StatField> fields() const { return fields_; }

 private:
  std::deque<std::string> names_;
  std::vector<StatField> fields_;
};

// OUTRIGGER_DEFINE_STATS(Name, LIST) defines struct Name from LIST(COUNTER, GAUGE, HISTOGRAM,
// CODES); each of these takes a field's name. OUTRIGGER_DEFINE_TEXT_STATS: with TEXT as the last.
// OUTRIGGER_DEFINE_LATE_STATS: listed only once a thread has a shard.
// OUTRIGGER_STATS_MEMBERS(LIST), OUTRIGGER_STATS_FIELDS(LIST), OUTRIGGER_STATS_ONCE_USED(LIST): for
// structs of several lists, some of whose fields are listed only once they were used.
#define OUTRIGGER_STAT_COUNTER_MEMBER(name) ::outrigger::Counter name;
#define OUTRIGGER_STAT_GAUGE_MEMBER(name) ::outrigger::Gauge name;
#define OUTRIGGER_STAT_HISTOGRAM_MEMBER(name) ::outrigger::Histogram name;
#define OUTRIGGER_STAT_CODES_MEMBER(name) ::outrigger::CodeCounters name;
#define OUTRIGGER_STAT_TEXT_MEMBER(name) ::outrigger::TextReadout name;
#define OUTRIGGER_STAT_FIELD(name, kind, once_used) \
  {#name, ::outrigger::StatKind::kind, offsetof(Self, name), once_used},
#define OUTRIGGER_STAT_COUNTER_FIELD(name) OUTRIGGER_STAT_FIELD(name, counter, false)
#define OUTRIGGER_STAT_GAUGE_FIELD(name) OUTRIGGER_STAT_FIELD(name, gauge, false)
#define OUTRIGGER_STAT_HISTOGRAM_FIELD(name) OUTRIGGER_STAT_FIELD(name, histogram, false)
#define OUTRIGGER_STAT_CODES_FIELD(name) OUTRIGGER_STAT_FIELD(name, codes, false)
#define OUTRIGGER_STAT_TEXT_FIELD(name) OUTRIGGER_STAT_FIELD(name, text, false)
#define OUTRIGGER_STAT_COUNTER_ONCE(name) OUTRIGGER_STAT_FIELD(name, counter, true)
#define OUTRIGGER_STAT_GAUGE_ONCE(name) OUTRIGGER_STAT_FIELD(name, gauge, true)
#define OUTRIGGER_STAT_HISTOGRAM_ONCE(name) OUTRIGGER_STAT_FIELD(name, histogram, true)
#define OUTRIGGER_STAT_CODES_ONCE(name) OUTRIGGER_STAT_FIELD(name, codes, true)
#define OUTRIGGER_STATS_MEMBERS(LIST)                              \
  LIST(OUTRIGGER_STAT_COUNTER_MEMBER, OUTRIGGER_STAT_GAUGE_MEMBER, \
       OUTRIGGER_STAT_HISTOGRAM_MEMBER, OUTRIGGER_STAT_CODES_MEMBER)
#define OUTRIGGER_STATS_FIELDS(LIST)                                                             \
  LIST(OUTRIGGER_STAT_COUNTER_FIELD, OUTRIGGER_STAT_GAUGE_FIELD, OUTRIGGER_STAT_HISTOGRAM_FIELD, \
       OUTRIGGER_STAT_CODES_FIELD)
#define OUTRIGGER_STATS_ONCE_USED(LIST)                                                       \
  LIST(OUTRIGGER_STAT_COUNTER_ONCE, OUTRIGGER_STAT_GAUGE_ONCE, OUTRIGGER_STAT_HISTOGRAM_ONCE, \
       OUTRIGGER_STAT_CODES_ONCE)
#define OUTRIGGER_STATS_STRUCT(Name, ONCE_MADE, MEMBERS, ...)            \
  struct Name {                                                          \
    MEMBERS                                                              \
    static const ::outrigger::StatsLayout& layout() {                    \
      using Self = Name;                                                 \
      static constexpr ::outrigger::StatField kFields[] = {__VA_ARGS__}; \
      static constexpr ::outrigger::StatsLayout kLayout =                \
          ::outrigger::layout_of<Name>(kFields, ONCE_MADE);              \
      return kLayout;                                                    \
    }                                                                    \
  };
#define OUTRIGGER_DEFINE_STATS(Name, LIST) \
  OUTRIGGER_STATS_STRUCT(Name, false, OUTRIGGER_STATS_MEMBERS(LIST), OUTRIGGER_STATS_FIELDS(LIST))
#define OUTRIGGER_DEFINE_LATE_STATS(Name, LIST) \
  OUTRIGGER_STATS_STRUCT(Name, true, OUTRIGGER_STATS_MEMBERS(LIST), OUTRIGGER_STATS_FIELDS(LIST))
#define OUTRIGGER_DEFINE_TEXT_STATS(Name, LIST)                          \
  OUTRIGGER_STATS_STRUCT(                                                \
      Name, false,                                                       \
      LIST(OUTRIGGER_STAT_COUNTER_MEMBER, OUTRIGGER_STAT_GAUGE_MEMBER,   \
           OUTRIGGER_STAT_HISTOGRAM_MEMBER, OUTRIGGER_STAT_CODES_MEMBER, \
           OUTRIGGER_STAT_TEXT_MEMBER),                                  \
      LIST(OUTRIGGER_STAT_COUNTER_FIELD, OUTRIGGER_STAT_GAUGE_FIELD,     \
           OUTRIGGER_STAT_HISTOGRAM_FIELD, OUTRIGGER_STAT_CODES_FIELD, OUTRIGGER_STAT_TEXT_FIELD))

// A part of a stat's name that Envoy extracts as a tag: {"envoy.cluster_name", "backend"}.
struct StatTag {
  std::string name;
  std::string value;
};

// StatsScope: one named set of stats ("cluster.backend."), with a shard per thread that used it.
// There are several per cluster, so it is small: a tag whose value stands in the prefix, as nearly
// all do, is kept as its place there. Thread: any; local() may be called by every worker, each with
// its own number. Lifetime: shared by the objects that it describes.
class StatsScope {
 public:
  // `prefix` ends with a dot or is empty. `extracted_prefix` is the prefix without the tags' values
  // ("cluster.").
  StatsScope(std::string_view prefix, std::string_view extracted_prefix, std::vector<StatTag> tags,
             const StatsLayout& layout);
  StatsScope(const StatsScope&) = delete;
  StatsScope& operator=(const StatsScope&) = delete;
  ~StatsScope();

  std::string_view prefix() const { return {text_.get(), prefix_size_}; }
  // Made for the caller: only readers of the statistics ask.
  std::string extracted_prefix() const;
  std::vector<StatTag> tags() const;
  const StatsLayout& layout() const { return layout_; }

  // The shard of thread `worker` (main thread: kMainThread), made on first use. T must be the
  // layout's struct. Keep the reference: it lives as long as the scope.
  static constexpr unsigned kMainThread = 0xffff;
  template <class T>
  T& local(unsigned worker) {
    return *static_cast<T*>(shard(worker));
  }

  // Calls visit(const void* stats) for each shard.
  template <class Visit>
  void for_each_shard(Visit visit) const {
    for (const Shard* s = shards_.load(std::memory_order_acquire); s != nullptr; s = s->next)
      visit(static_cast<const void*>(s->stats));
  }
  bool used() const { return shards_.load(std::memory_order_acquire) != nullptr; }

 private:
  struct Shard {
    Shard* next;
    unsigned worker;
    void* stats;
  };
  // A tag's value in the prefix; `name` is an index into the well-known tags.
  struct TagPlace {
    uint16_t begin = 0;
    uint16_t size = 0;
    uint8_t name = 0;
  };
  // What does not fit into places: other tag names, values that are not in the prefix.
  struct Description {
    std::string extracted_prefix;
    std::vector<StatTag> tags;
  };
  static constexpr unsigned kMaxPlaces = 2;

  void* shard(unsigned worker);
  bool place_tags(std::string_view extracted_prefix, const std::vector<StatTag>& tags);
  std::string without_places() const;

  const StatsLayout& layout_;
  std::atomic<Shard*> shards_{nullptr};
  std::unique_ptr<char[]> text_;
  std::unique_ptr<const Description> description_;  // nullptr: the places say all
  uint32_t prefix_size_;
  TagPlace places_[kMaxPlaces];
  uint8_t place_count_ = 0;
};

using StatsScopePtr = std::shared_ptr<StatsScope>;

// Where scopes are made; implemented by the stats store. A scope of the same prefix and layout is
// the same object, so that counters survive a change of configuration.
class StatsRegistry {
 public:
  virtual ~StatsRegistry() = default;
  virtual StatsScopePtr scope(std::string prefix, std::string extracted_prefix,
                              std::vector<StatTag> tags, const StatsLayout& layout) = 0;
  template <class T>
  StatsScopePtr scope(std::string prefix) {
    std::string same = prefix;
    return scope(std::move(prefix), std::move(same), {}, T::layout());
  }
  template <class T>
  StatsScopePtr scope(std::string prefix, std::string extracted_prefix, std::vector<StatTag> tags) {
    return scope(std::move(prefix), std::move(extracted_prefix), std::move(tags), T::layout());
  }
};

}  // namespace outrigger
