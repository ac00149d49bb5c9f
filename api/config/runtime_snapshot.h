// RuntimeSnapshot: the runtime values in force at one moment. Immutable; thread: any. A change
// makes a new snapshot. Semantics:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/runtime
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace outrigger::config {

// One value, read in every way that it can be; absent: it does not read that way.
struct RuntimeValue {
  std::string text;
  std::optional<uint64_t> number;
  std::optional<double> decimal;
  std::optional<bool> boolean;
  std::optional<uint32_t> per_million;  // written as a FractionalPercent
};

class RuntimeSnapshot {
 public:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Values = std::unordered_map<std::string, RuntimeValue, Hash, std::equal_to<>>;

  RuntimeSnapshot() = default;
  explicit RuntimeSnapshot(Values values) : values_(std::move(values)) {}

  const RuntimeValue* find(std::string_view key) const {
    auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }
  uint64_t number(std::string_view key, uint64_t fallback) const {
    const RuntimeValue* value = find(key);
    return value == nullptr ? fallback : value->number.value_or(fallback);
  }
  bool boolean(std::string_view key, bool fallback) const {
    const RuntimeValue* value = find(key);
    return value == nullptr ? fallback : value->boolean.value_or(fallback);
  }
  // The chance of a million; a plain number is a percentage.
  uint32_t per_million(std::string_view key, uint32_t fallback) const {
    const RuntimeValue* value = find(key);
    if (value == nullptr) return fallback;
    if (value->per_million) return *value->per_million;
    if (value->number)
      return static_cast<uint32_t>(std::min<uint64_t>(*value->number, 100) * 10'000);
    return fallback;
  }
  const Values& values() const { return values_; }

 private:
  Values values_;
};
using RuntimeSnapshotPtr = std::shared_ptr<const RuntimeSnapshot>;

}  // namespace outrigger::config
