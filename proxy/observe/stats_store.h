// StatsStore: every scope of statistics that some object of the proxy holds, in the order of their
// names. The store keeps no scope alive: a removed cluster's statistics go with the last object
// that holds them. Thread: scope() and the end of a scope's life: any; everything else: main.
// Workers only write their shards.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/stats.h"
#include "proxy/observe/histogram_summary.h"
#include "proxy/observe/stat_names.h"

namespace outrigger::observe {

class StatsIndex;

// A scope as readers see it: summed over its shards, counters since the last reset.
class StoredScope : public StatsScope, public std::enable_shared_from_this<StoredScope> {
 public:
  StoredScope(std::shared_ptr<StatsIndex> index, std::string_view prefix,
              std::string_view extracted_prefix, std::vector<StatTag> tags,
              const StatsLayout& layout);
  ~StoredScope();

  uint64_t counter(const StatField& field) const;
  uint64_t code(const StatField& field, int code) const;
  // Envoy's gauges are unsigned: what is below zero for a moment, between two workers' writes,
  // reads 0.
  uint64_t gauge(const StatField& field) const;
  std::string text(const StatField& field) const;
  HistogramSummary histogram(const StatField& field) const;
  // The values between the last two flushes; empty before the first.
  HistogramSummary histogram_interval(const StatField& field) const;
  // Calls visit(code, count) for each response code that was ever counted, lowest first.
  void for_each_code(const StatField& field,
                     const std::function<void(int code, uint64_t count)>& visit) const;
  // Whether it was ever written: a counter that was not 0 (before a reset, too), a gauge that was
  // set, a histogram with values.
  bool used(const StatField& field) const;
  // Whether a page has it; `used_only`: one that was asked for nothing else.
  bool listed(bool used_only) const {
    return StatsScope::used() || !(used_only || layout().once_made);
  }
  bool listed(const StatField& field, bool used_only) const {
    return !(used_only || field.once_used) || used(field);
  }

 private:
  friend class StatsStore;
  struct CodeBase {
    const StatField* field;
    int code;
    uint64_t base;
  };
  struct Interval {
    const StatField* field;
    HistogramSummary total;  // at the last flush
    HistogramSummary last;   // what that flush found new
  };
  // What readers remember of a scope; made when there is something to remember.
  struct Memory {
    std::vector<uint64_t> counter_base;  // by the field's place in the layout
    std::vector<CodeBase> code_base;
    std::vector<Interval> intervals;
  };

  uint64_t raw_counter(const StatField& field) const;
  uint64_t raw_code(const StatField& field, int code) const;
  void reset_counters();
  void flush();
  Memory& memory();

  std::shared_ptr<StatsIndex> index_;
  std::unique_ptr<Memory> memory_;
};
using StoredScopePtr = std::shared_ptr<StoredScope>;

class StatsStore : public StatsRegistry {
 public:
  StatsStore();
  ~StatsStore() override;

  using StatsRegistry::scope;
  StatsScopePtr scope(std::string prefix, std::string extracted_prefix, std::vector<StatTag> tags,
                      const StatsLayout& layout) override;

  // The scopes of this moment by prefix; a scope stays alive as long as the caller holds it.
  std::vector<StoredScopePtr> scopes() const;
  size_t size() const;
  // What stats_config says; set once the bootstrap is compiled, by default nothing.
  void set_names(std::shared_ptr<const StatNames> names) { names_ = std::move(names); }
  const StatNames& names() const { return *names_; }
  const std::shared_ptr<const StatNames>& shared_names() const { return names_; }

  // /reset_counters: later reads count from here. No shard is written.
  void reset_counters();
  // Ends an interval of the histograms; called every stats_flush_interval.
  void flush();

 private:
  std::shared_ptr<const StatNames> names_;
  std::shared_ptr<StatsIndex> index_;
};

}  // namespace outrigger::observe
