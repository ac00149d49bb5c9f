// Metadata: named trees of values (google.protobuf.Struct): of endpoints, routes, clusters and
// listeners, and what filters find out of a connection or request (dynamic metadata). FilterState:
// named values that filters leave for others, such as "envoy.tcp_proxy.cluster". Thread: any for
// what configuration holds, the worker's for the rest.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace outrigger {

class MetadataValue;

// Members by key, sorted: look-up is a binary search, rendering has one order.
class MetadataStruct {
 public:
  using Member = std::pair<std::string, MetadataValue>;

  // nullptr: no such member.
  const MetadataValue* find(std::string_view key) const;
  MetadataValue& operator[](std::string_view key);  // made if absent
  const std::vector<Member>& members() const { return members_; }
  bool empty() const;
  bool operator==(const MetadataStruct& other) const;

 private:
  std::vector<Member> members_;
};

using MetadataList = std::vector<MetadataValue>;

class MetadataValue {
 public:
  using Variant =
      std::variant<std::monostate, bool, double, std::string, MetadataList, MetadataStruct>;

  MetadataValue() = default;
  MetadataValue(Variant value) : value_(std::move(value)) {}  // NOLINT: a value is its content

  const Variant& get() const { return value_; }
  Variant& get() { return value_; }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const MetadataStruct* object() const { return std::get_if<MetadataStruct>(&value_); }
  MetadataStruct& make_object();  // what it was before is lost, unless it was one
  bool operator==(const MetadataValue& other) const { return value_ == other.value_; }

 private:
  Variant value_;
};

inline bool MetadataStruct::empty() const {
  return members_.empty();
}

// By the filter's name: {"envoy.lb": {...}}.
struct Metadata {
  MetadataStruct filters;

  bool empty() const { return filters.empty(); }
  // nullptr: nothing there. `path` goes down from the filter's struct.
  const MetadataValue* find(std::string_view filter, std::span<const std::string> path) const;
  // Of the struct of `filter`, made if absent.
  MetadataStruct& of(std::string_view filter);
};

struct FilterStateOptions {
  bool read_only = false;  // it stays what it is
  // Upstream connections are made for streams of this value alone.
  bool splits_connections = false;
};

// Few entries; the last one set under a name counts.
class FilterState {
 public:
  void set(std::string_view name, std::string value, FilterStateOptions options = {});
  // nullptr: not set.
  const std::string* find(std::string_view name) const;
  // What streams must have in common to share an upstream connection; empty: nothing.
  std::string shared_identity() const;

 private:
  struct Entry {
    std::string name;
    std::string value;
    FilterStateOptions options;
  };
  std::vector<Entry> entries_;
};

}  // namespace outrigger
