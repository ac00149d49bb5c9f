#include "proxy/hot_restart/stats_transfer.h"

#include <algorithm>
#include <optional>

#include "fmt/format.h"

#include "api/http/header_map.h"

namespace outrigger::hot_restart {
namespace {

using observe::StoredScope;
using observe::StoredScopePtr;
using Kind = StatValue::Kind;

// The shard of what came from the predecessor: no worker's, and not the main thread's own.
constexpr unsigned kShard = StatsScope::kMainThread - 1;

// server.total_connections of the predecessor is a statistic of its own here.
constexpr std::string_view kConnections = "total_connections";
constexpr std::string_view kParentConnections = "parent_connections";

// local<T>() gives the shard as what it is made of; which struct that is only the layout knows.
template <class T>
T& member(StoredScope& scope, const StatField& field) {
  return *reinterpret_cast<T*>(&scope.local<char>(kShard) + field.offset);
}

// Adds the value to the scope's field of that name; false: it has none.
bool add_to(StoredScope& scope, const StatValue& value) {
  std::string_view name = value.name;
  for (const StatField& field : scope.layout().fields) {
    std::string_view own = field.name;
    bool same = name == own;
    if (value.kind == Kind::counter && field.kind == StatKind::counter && same) {
      member<Counter>(scope, field).add(value.value);
      return true;
    }
    if (value.kind == Kind::gauge && name == kConnections) same = own == kParentConnections;
    if (value.kind == Kind::gauge && field.kind == StatKind::gauge && same) {
      member<Gauge>(scope, field).set(static_cast<int64_t>(value.value));
      return true;
    }
    uint64_t code = 0;
    if (value.kind == Kind::counter && field.kind == StatKind::codes && name.starts_with(own) &&
        name.size() == own.size() + 4 && name[own.size()] == '_' &&
        http::parse_decimal(name.substr(own.size() + 1), code) && code >= CodeCounters::kMin &&
        code <= CodeCounters::kMax) {
      member<CodeCounters>(scope, field).add(static_cast<int>(code), value.value);
      return true;
    }
  }
  return false;
}

}  // namespace

bool accumulates(std::string_view gauge) {
  constexpr std::string_view kEnds[] = {"_active", "_buffered", "_bytes", "_current"};
  if (gauge.starts_with("total_")) return gauge == kConnections;
  return std::any_of(std::begin(kEnds), std::end(kEnds),
                     [&](std::string_view end) { return gauge.ends_with(end); });
}

void StatsSender::add(Kind kind, const StoredScope& scope, std::string name, uint64_t value,
                      std::vector<StatValue>& out) {
  uint64_t& sent = sent_[{std::string(scope.prefix()), name}];
  if (value == sent) return;
  // Below what was sent: somebody reset the counters.
  uint64_t news = kind == Kind::gauge || value < sent ? value : value - sent;
  sent = value;
  out.push_back({kind, std::string(scope.prefix()), std::move(name), news});
}

std::vector<StatValue> StatsSender::take() {
  std::vector<StatValue> out;
  for (const StoredScopePtr& scope : store_.scopes()) {
    if (!static_cast<const StatsScope&>(*scope).used()) continue;
    for (const StatField& field : scope->layout().fields) {
      if (field.kind == StatKind::counter) {
        add(Kind::counter, *scope, field.name, scope->counter(field), out);
      } else if (field.kind == StatKind::gauge && accumulates(field.name)) {
        add(Kind::gauge, *scope, field.name, scope->gauge(field), out);
      } else if (field.kind == StatKind::codes) {
        scope->for_each_code(field, [&](int code, uint64_t count) {
          add(Kind::counter, *scope, fmt::format("{}_{}", field.name, code), count, out);
        });
      }
    }
  }
  return out;
}

void StatsReceiver::add(const std::vector<StatValue>& values) {
  for (const StatValue& value : values) {
    // Of a gauge the last value holds.
    if (value.kind == Kind::gauge) {
      std::erase_if(waiting_, [&](const StatValue& old) {
        return old.kind == Kind::gauge && old.scope == value.scope && old.name == value.name;
      });
    }
    waiting_.push_back(value);
  }
  apply();
}

void StatsReceiver::apply() {
  std::map<std::string_view, std::vector<StoredScopePtr>> scopes;
  for (const StoredScopePtr& scope : store_.scopes()) scopes[scope->prefix()].push_back(scope);
  std::erase_if(waiting_, [&](const StatValue& value) {
    auto found = scopes.find(value.scope);
    return found != scopes.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const StoredScopePtr& scope) { return add_to(*scope, value); });
  });
}

void StatsReceiver::forget_gauges() {
  std::erase_if(waiting_, [](const StatValue& value) { return value.kind == Kind::gauge; });
  for (const StoredScopePtr& scope : store_.scopes()) {
    for (const StatField& field : scope->layout().fields) {
      bool imported = accumulates(field.name) || field.name == kParentConnections;
      if (field.kind == StatKind::gauge && imported && scope->used(field))
        member<Gauge>(*scope, field).set(0);
    }
  }
}

}  // namespace outrigger::hot_restart
