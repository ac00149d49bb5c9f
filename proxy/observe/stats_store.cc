#include "proxy/observe/stats_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/container/btree_set.h"

namespace outrigger::observe {
namespace {

template <class T>
const T& member(const void* stats, const StatField& field) {
  return *reinterpret_cast<const T*>(static_cast<const char*>(stats) + field.offset);
}

}  // namespace

// The store's scopes by prefix and layout. Scopes hold it, so that they may outlive the store.
class StatsIndex {
 public:
  struct Key {
    std::string_view prefix;
    const StatsLayout* layout;
  };
  struct Less {
    using is_transparent = void;
    static Key key(const Key& k) { return k; }
    static Key key(const StoredScope* scope) { return {scope->prefix(), &scope->layout()}; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      Key x = key(a), y = key(b);
      int order = x.prefix.compare(y.prefix);
      return order != 0 ? order < 0 : std::less<const StatsLayout*>()(x.layout, y.layout);
    }
  };

  mutable std::mutex mutex;
  absl::btree_set<StoredScope*, Less> scopes;
};

StoredScope::StoredScope(std::shared_ptr<StatsIndex> index, std::string_view prefix,
                         std::string_view extracted_prefix, std::vector<StatTag> tags,
                         const StatsLayout& layout)
    : StatsScope(prefix, extracted_prefix, std::move(tags), layout), index_(std::move(index)) {}

StoredScope::~StoredScope() {
  std::lock_guard lock(index_->mutex);
  auto found = index_->scopes.find(this);
  // A successor may have taken the place while the last reference went.
  if (found != index_->scopes.end() && *found == this) index_->scopes.erase(found);
}

uint64_t StoredScope::raw_counter(const StatField& field) const {
  uint64_t sum = 0;
  for_each_shard([&](const void* stats) { sum += member<Counter>(stats, field).value(); });
  return sum;
}

uint64_t StoredScope::counter(const StatField& field) const {
  uint64_t value = raw_counter(field);
  if (memory_ == nullptr || memory_->counter_base.empty()) return value;
  return value - memory_->counter_base[static_cast<size_t>(&field - layout().fields.data())];
}

uint64_t StoredScope::gauge(const StatField& field) const {
  int64_t sum = 0;
  for_each_shard([&](const void* stats) { sum += member<Gauge>(stats, field).value(); });
  return sum < 0 ? 0 : static_cast<uint64_t>(sum);
}

// One thread writes it.
std::string StoredScope::text(const StatField& field) const {
  std::string found;
  for_each_shard([&](const void* stats) {
    const auto& text = member<TextReadout>(stats, field);
    if (text.used()) found = text.value();
  });
  return found;
}

HistogramSummary StoredScope::histogram(const StatField& field) const {
  HistogramSummary sum;
  for_each_shard([&](const void* stats) { sum.add(member<Histogram>(stats, field)); });
  return sum;
}

HistogramSummary StoredScope::histogram_interval(const StatField& field) const {
  if (memory_ == nullptr) return {};
  for (const Interval& interval : memory_->intervals) {
    if (interval.field == &field) return interval.last;
  }
  return {};
}

uint64_t StoredScope::raw_code(const StatField& field, int code) const {
  uint64_t sum = 0;
  for_each_shard([&](const void* stats) { sum += member<CodeCounters>(stats, field).value(code); });
  return sum;
}

uint64_t StoredScope::code(const StatField& field, int code) const {
  uint64_t value = raw_code(field, code);
  if (memory_ == nullptr) return value;
  for (const CodeBase& base : memory_->code_base) {
    if (base.field == &field && base.code == code) return value - base.base;
  }
  return value;
}

void StoredScope::for_each_code(const StatField& field,
                                const std::function<void(int, uint64_t)>& visit) const {
  if (!StatsScope::used()) return;
  for (int code = CodeCounters::kMin; code <= CodeCounters::kMax; ++code) {
    if (raw_code(field, code) != 0) visit(code, this->code(field, code));
  }
}

bool StoredScope::used(const StatField& field) const {
  bool used = false;
  for_each_shard([&](const void* stats) {
    switch (field.kind) {
      case StatKind::counter:
        used |= member<Counter>(stats, field).value() != 0;
        break;
      case StatKind::gauge:
        used |= member<Gauge>(stats, field).used();
        break;
      case StatKind::histogram:
        used |= member<Histogram>(stats, field).count() != 0;
        break;
      case StatKind::codes:
        used = true;  // a code that was not seen has no counter
        break;
      case StatKind::text:
        used |= member<TextReadout>(stats, field).used();
        break;
    }
  });
  return used;
}

StoredScope::Memory& StoredScope::memory() {
  if (memory_ == nullptr) memory_ = std::make_unique<Memory>();
  return *memory_;
}

void StoredScope::reset_counters() {
  if (!StatsScope::used()) return;
  Memory& m = memory();
  m.counter_base.assign(layout().fields.size(), 0);
  m.code_base.clear();
  for (size_t i = 0; i < layout().fields.size(); ++i) {
    const StatField& field = layout().fields[i];
    if (field.kind == StatKind::counter) m.counter_base[i] = raw_counter(field);
    if (field.kind != StatKind::codes) continue;
    for (int code = CodeCounters::kMin; code <= CodeCounters::kMax; ++code) {
      uint64_t value = raw_code(field, code);
      if (value != 0) m.code_base.push_back({&field, code, value});
    }
  }
}

void StoredScope::flush() {
  if (!StatsScope::used()) return;
  for (const StatField& field : layout().fields) {
    if (field.kind != StatKind::histogram || !used(field)) continue;
    auto& intervals = memory().intervals;
    auto it = std::find_if(intervals.begin(), intervals.end(),
                           [&](const Interval& interval) { return interval.field == &field; });
    if (it == intervals.end()) it = intervals.insert(it, Interval{&field, {}, {}});
    HistogramSummary total = histogram(field);
    it->last = total.since(it->total);
    it->total = std::move(total);
  }
}

StatsStore::StatsStore() : names_(StatNames::defaults()), index_(std::make_shared<StatsIndex>()) {}

StatsStore::~StatsStore() = default;

StatsScopePtr StatsStore::scope(std::string prefix, std::string extracted_prefix,
                                std::vector<StatTag> tags, const StatsLayout& layout) {
  std::lock_guard lock(index_->mutex);
  auto found = index_->scopes.find(StatsIndex::Key{prefix, &layout});
  if (found != index_->scopes.end()) {
    if (StoredScopePtr scope = (*found)->weak_from_this().lock()) return scope;
    index_->scopes.erase(found);  // it is being destroyed and waits for the lock
  }
  auto scope =
      std::make_shared<StoredScope>(index_, prefix, extracted_prefix, std::move(tags), layout);
  index_->scopes.insert(scope.get());
  return scope;
}

std::vector<StoredScopePtr> StatsStore::scopes() const {
  std::vector<StoredScopePtr> out;
  std::lock_guard lock(index_->mutex);
  out.reserve(index_->scopes.size());
  for (StoredScope* scope : index_->scopes) {
    if (StoredScopePtr held = scope->weak_from_this().lock()) out.push_back(std::move(held));
  }
  return out;
}

size_t StatsStore::size() const {
  std::lock_guard lock(index_->mutex);
  return index_->scopes.size();
}

void StatsStore::reset_counters() {
  for (const StoredScopePtr& scope : scopes()) scope->reset_counters();
}

void StatsStore::flush() {
  for (const StoredScopePtr& scope : scopes()) scope->flush();
}

}  // namespace outrigger::observe
