// StatRows: the statistics that a query wants, in the order of their names, a few scopes at a time.
// Thread: main. Lifetime: the answer's; holds the scopes that existed when it began.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/observe/stats_query.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::observe {

struct StatRow {
  std::string_view name;  // valid until the next call of next()
  const StoredScope* scope;
  const StatField* field;
  uint64_t value;  // of counters and gauges
};

class StatRows {
 public:
  enum class Kind : uint8_t {
    texts,
    numbers,
    histograms
  };
  StatRows(const StatsStore& store, const StatsQuery& query, Kind kind);

  // Replaces `rows` by those of the next group of scopes; false: there are no more. May leave
  // `rows` empty.
  bool next(std::vector<StatRow>& rows);

 private:
  struct Found {
    size_t name_begin;
    size_t name_size;
    StatRow row;
  };
  void add_scope(const StoredScope& scope);
  void add(const StoredScope& scope, const StatField& field, int code, uint64_t value);

  std::vector<StoredScopePtr> scopes_;
  size_t at_ = 0;
  StatsQuery query_;
  std::shared_ptr<const StatNames> names_;
  Kind kind_;
  std::string text_;  // the names of the current group
  std::vector<Found> found_;
};

// Whether `query` and the configuration want a statistic of this name.
bool wanted(const StatsQuery& query, const StatNames& names, std::string_view name);

}  // namespace outrigger::observe
