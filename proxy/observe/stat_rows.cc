#include "proxy/observe/stat_rows.h"

#include <algorithm>

#include "re2/re2.h"

namespace outrigger::observe {

namespace {

StatRows::Kind rows_of(StatKind kind) {
  if (kind == StatKind::text) return StatRows::Kind::texts;
  return kind == StatKind::histogram ? StatRows::Kind::histograms : StatRows::Kind::numbers;
}

}  // namespace

bool wanted(const StatsQuery& query, const StatNames& names, std::string_view name) {
  if (!names.includes(name)) return false;
  return query.filter == nullptr || RE2::PartialMatch(re2::StringPiece(name.data(), name.size()),
                                                      *query.filter) != query.invert_filter;
}

StatRows::StatRows(const StatsStore& store, const StatsQuery& query, Kind kind)
    : scopes_(store.scopes()), query_(query), names_(store.shared_names()), kind_(kind) {}

bool StatRows::next(std::vector<StatRow>& rows) {
  rows.clear();
  if (at_ == scopes_.size()) return false;
  // Names interleave only where one scope's prefix begins another's: "cluster.a." and
  // "cluster.a.http1." are sorted together, other scopes follow as a whole.
  std::string_view root = scopes_[at_]->prefix();
  text_.clear();
  found_.clear();
  do {
    add_scope(*scopes_[at_++]);
  } while (at_ < scopes_.size() && scopes_[at_]->prefix().starts_with(root));

  rows.reserve(found_.size());
  for (Found& found : found_) {
    found.row.name = std::string_view(text_).substr(found.name_begin, found.name_size);
    rows.push_back(found.row);
  }
  std::sort(rows.begin(), rows.end(), [skip = root.size()](const StatRow& a, const StatRow& b) {
    return a.name.substr(skip) < b.name.substr(skip);
  });
  return true;
}

void StatRows::add_scope(const StoredScope& scope) {
  if (!scope.listed(query_.used_only)) return;
  for (const StatField& field : scope.layout().fields) {
    if (rows_of(field.kind) != kind_) continue;
    if (!scope.listed(field, query_.used_only)) continue;
    switch (field.kind) {
      case StatKind::counter:
        if (query_.wants_numbers(true)) add(scope, field, 0, scope.counter(field));
        break;
      case StatKind::gauge:
        if (query_.wants_numbers(false)) add(scope, field, 0, scope.gauge(field));
        break;
      case StatKind::codes:
        if (!query_.wants_numbers(true)) break;
        scope.for_each_code(field,
                            [&](int code, uint64_t value) { add(scope, field, code, value); });
        break;
      case StatKind::histogram:
        if (query_.wants_histograms()) add(scope, field, 0, 0);
        break;
      case StatKind::text:
        if (query_.wants_texts()) add(scope, field, 0, 0);
        break;
    }
  }
}

void StatRows::add(const StoredScope& scope, const StatField& field, int code, uint64_t value) {
  size_t begin = text_.size();
  append_stat_name(scope.prefix(), field.name, code, text_);
  if (!wanted(query_, *names_, std::string_view(text_).substr(begin))) {
    text_.resize(begin);
    return;
  }
  found_.push_back({begin, text_.size() - begin, {{}, &scope, &field, value}});
}

}  // namespace outrigger::observe
