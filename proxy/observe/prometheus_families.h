// PrometheusFamilies: which statistics make up which metric. Statistics whose names differ in their
// tags' values only are one family. Thread: main. Lifetime: one answer; holds the scopes that
// existed when it began.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "proxy/observe/stats_query.h"
#include "proxy/observe/stats_store.h"

namespace outrigger::observe {

class PrometheusFamilies {
 public:
  enum class Kind : uint8_t {
    counter,
    gauge,
    text,
    histogram
  };

  // In the order of output.
  struct Key {
    Kind kind;
    std::string name;  // "envoy_cluster_upstream_rq_total"
    auto operator<=>(const Key&) const = default;
  };
  // Scopes of one layout and extracted prefix, with their rendered labels.
  struct Group {
    std::string extracted_prefix;
    const StatsLayout* layout = nullptr;
    std::vector<const StoredScope*> scopes;
    std::vector<std::string> labels;
  };
  // Fields of all scopes of a group (several: upstream_rq_1xx, upstream_rq_2xx, ...), or (scope not
  // nullptr) a single series with labels of its own.
  struct Part {
    const Group* group = nullptr;
    std::vector<const StatField*> fields;
    const StoredScope* scope = nullptr;
    int code = 0;
    std::string labels;
  };
  using Map = std::map<Key, std::vector<Part>>;

  PrometheusFamilies(const StatsStore& store, const StatsQuery& query);

  const Map& map() const { return map_; }
  // Whether the series is a part of its own and so not one of its group's.
  bool is_single(const StoredScope& scope, const StatField& field, int code) const {
    return !singles_.empty() && singles_.contains({&scope, &field, code});
  }

  // `a="1",b="2"`, without braces, appended after a comma if there is something already.
  static void append_labels(const std::vector<StatTag>& tags, std::string& out);

 private:
  void group_scopes(const StatNames& names, const StatsQuery& query);
  void add_group(const Group& group, const StatNames& names, const StatsQuery& query);
  void add_singles(const Group& group, const StatNames& names, const StatsQuery& query);
  void add_single(const Group& group, size_t scope, const StatField& field, int code,
                  const StatNames& names);

  std::vector<StoredScopePtr> scopes_;
  std::map<std::pair<std::string, const StatsLayout*>, Group> groups_;
  std::set<std::tuple<const StoredScope*, const StatField*, int>> singles_;
  Map map_;
};

}  // namespace outrigger::observe
