#include "proxy/observe/prometheus_families.h"

namespace outrigger::observe {
namespace {

using Kind = PrometheusFamilies::Kind;

Kind kind_of(StatKind kind) {
  if (kind == StatKind::text) return Kind::text;
  if (kind == StatKind::gauge) return Kind::gauge;
  return kind == StatKind::histogram ? Kind::histogram : Kind::counter;
}

bool wants(const StatsQuery& query, StatKind kind) {
  if (kind == StatKind::histogram) return query.wants_histograms();
  if (kind == StatKind::text) return query.wants_texts();
  return query.wants_numbers(kind != StatKind::gauge);
}

// Metric and label names have letters, digits and underscores.
void append_sanitized(std::string_view name, std::string& out) {
  for (char c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain ? c : '_';
  }
}

std::string metric_name(std::string_view extracted) {
  std::string out = "envoy_";
  append_sanitized(extracted, out);
  return out;
}

}  // namespace

void PrometheusFamilies::append_labels(const std::vector<StatTag>& tags, std::string& out) {
  for (const StatTag& tag : tags) {
    if (!out.empty()) out += ',';
    append_sanitized(tag.name, out);
    out += "=\"";
    for (char c : tag.value) {
      if (c == '"' || c == '\\') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += '"';
  }
}

PrometheusFamilies::PrometheusFamilies(const StatsStore& store, const StatsQuery& query)
    : scopes_(store.scopes()) {
  group_scopes(store.names(), query);
  for (const auto& [key, group] : groups_) {
    add_group(group, store.names(), query);
  }
  for (const auto& [key, group] : groups_) add_singles(group, store.names(), query);
}

void PrometheusFamilies::group_scopes(const StatNames& names, const StatsQuery& query) {
  for (const StoredScopePtr& scope : scopes_) {
    if (!scope->listed(query.used_only)) continue;
    ExtractedName prefix = names.extract_prefix(*scope);
    Group& group = groups_[{prefix.name, &scope->layout()}];
    group.extracted_prefix = std::move(prefix.name);
    group.layout = &scope->layout();
    group.scopes.push_back(scope.get());
    append_labels(prefix.tags, group.labels.emplace_back());
  }
}

void PrometheusFamilies::add_group(const Group& group, const StatNames& names,
                                   const StatsQuery& query) {
  for (const StatField& field : group.layout->fields) {
    if (!wants(query, field.kind)) continue;
    if (field.kind == StatKind::codes && !names.tags_response_codes()) continue;
    int code = field.kind == StatKind::codes ? CodeCounters::kMin : 0;
    std::string name = group.extracted_prefix + names.extract_field(field.name, code).name;
    auto& parts = map_[{kind_of(field.kind), metric_name(name)}];
    if (parts.empty() || parts.back().group != &group)
      parts.push_back({&group, {}, nullptr, 0, {}});
    parts.back().fields.push_back(&field);
  }
}

void PrometheusFamilies::add_singles(const Group& group, const StatNames& names,
                                     const StatsQuery& query) {
  if (!names.has_custom_tags() && names.tags_response_codes()) return;
  for (size_t i = 0; i < group.scopes.size(); ++i) {
    const StoredScope& scope = *group.scopes[i];
    for (const StatField& field : group.layout->fields) {
      if (!wants(query, field.kind) || !scope.listed(field, query.used_only)) continue;
      if (field.kind == StatKind::codes) {
        scope.for_each_code(field,
                            [&](int code, uint64_t) { add_single(group, i, field, code, names); });
      } else {
        add_single(group, i, field, 0, names);
      }
    }
  }
}

void PrometheusFamilies::add_single(const Group& group, size_t scope, const StatField& field,
                                    int code, const StatNames& names) {
  const StoredScope& owner = *group.scopes[scope];
  Part part{&group, {&field}, &owner, code, {}};
  std::string name;
  if (auto custom = names.extract_custom(owner, field.name, code)) {
    name = custom->name;
    append_labels(custom->tags, part.labels);
  } else if (code != 0 && !names.tags_response_codes()) {
    append_stat_name(group.extracted_prefix, field.name, code, name);
    part.labels = group.labels[scope];
  } else {
    return;
  }
  singles_.insert({&owner, &field, code});
  map_[{kind_of(field.kind), metric_name(name)}].push_back(std::move(part));
}

}  // namespace outrigger::observe
