#include "api/config/load_balancing.h"

#include <type_traits>
#include <variant>

#include "absl/hash/hash.h"

namespace outrigger::config {
namespace {

uint64_t hash_of_value(const MetadataValue& value);

uint64_t hash_of_struct(const MetadataStruct& object) {
  uint64_t hash = object.members().size();
  for (const auto& [key, value] : object.members())
    hash = absl::HashOf(hash, key, hash_of_value(value));
  return hash;
}

uint64_t hash_of_list(const MetadataList& list) {
  uint64_t hash = list.size();
  for (const MetadataValue& value : list) hash = absl::HashOf(hash, hash_of_value(value));
  return hash;
}

uint64_t hash_of_value(const MetadataValue& value) {
  auto hash = [](const auto& content) -> uint64_t {
    using Content = std::decay_t<decltype(content)>;
    if constexpr (std::is_same_v<Content, MetadataStruct>) {
      return hash_of_struct(content);
    } else if constexpr (std::is_same_v<Content, MetadataList>) {
      return hash_of_list(content);
    } else if constexpr (std::is_same_v<Content, std::monostate>) {
      return 0;
    } else {
      return absl::HashOf(content);
    }
  };
  return absl::HashOf(value.get().index(), std::visit(hash, value.get()));
}

}  // namespace

uint64_t MetadataCriterion::hash_of(std::string_view key, const MetadataValue& value) {
  return absl::HashOf(std::hash<std::string_view>()(key), hash_of_value(value));
}

MetadataMatchCriteria::MetadataMatchCriteria(Values values) : values_(std::move(values)) {
  criteria_.reserve(values_.size());
  for (const auto& [key, value] : values_) criteria_.emplace_back(key, value);
}

}  // namespace outrigger::config
