#include "api/metadata.h"

namespace outrigger {
namespace {

bool key_less(const MetadataStruct::Member& member, std::string_view key) {
  return member.first < key;
}

}  // namespace

const MetadataValue* MetadataStruct::find(std::string_view key) const {
  auto at = std::lower_bound(members_.begin(), members_.end(), key, key_less);
  return at != members_.end() && at->first == key ? &at->second : nullptr;
}

MetadataValue& MetadataStruct::operator[](std::string_view key) {
  auto at = std::lower_bound(members_.begin(), members_.end(), key, key_less);
  if (at == members_.end() || at->first != key)
    at = members_.emplace(at, std::string(key), MetadataValue());
  return at->second;
}

bool MetadataStruct::operator==(const MetadataStruct& other) const {
  return members_ == other.members_;
}

MetadataStruct& MetadataValue::make_object() {
  if (!std::holds_alternative<MetadataStruct>(value_)) value_ = MetadataStruct();
  return std::get<MetadataStruct>(value_);
}

const MetadataValue* Metadata::find(std::string_view filter,
                                    std::span<const std::string> path) const {
  const MetadataValue* value = filters.find(filter);
  for (const std::string& key : path) {
    const MetadataStruct* object = value == nullptr ? nullptr : value->object();
    if (object == nullptr) return nullptr;
    value = object->find(key);
  }
  return value;
}

MetadataStruct& Metadata::of(std::string_view filter) {
  return filters[filter].make_object();
}

void FilterState::set(std::string_view name, std::string value, FilterStateOptions options) {
  for (Entry& entry : entries_) {
    if (entry.name != name) continue;
    if (entry.options.read_only) return;
    entry.value = std::move(value);
    entry.options = options;
    return;
  }
  entries_.push_back({std::string(name), std::move(value), options});
}

std::string FilterState::shared_identity() const {
  std::string out;
  for (const Entry& entry : entries_) {
    if (!entry.options.splits_connections) continue;
    // With its length, so that no value can look like two.
    out += std::to_string(entry.value.size()) + ":" + entry.value;
  }
  return out;
}

const std::string* FilterState::find(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return &entry.value;
  }
  return nullptr;
}

}  // namespace outrigger
