#include "api/config/metadata_matcher.h"

#include <algorithm>
#include <variant>

namespace outrigger::config {
namespace {

template <class T>
const T* get(const MetadataValue* value) {
  return value == nullptr ? nullptr : std::get_if<T>(&value->get());
}

}  // namespace

bool ValueMatcher::matches(const MetadataValue* value) const {
  switch (kind) {
    case Kind::null:
      return get<std::monostate>(value) != nullptr;
    case Kind::number_range: {
      const double* number = get<double>(value);
      return number != nullptr && *number >= low && *number < high;
    }
    case Kind::number: {
      const double* number = get<double>(value);
      return number != nullptr && *number == low;
    }
    case Kind::string: {
      const std::string* text = get<std::string>(value);
      return text != nullptr && string_match.matches(*text);
    }
    case Kind::boolean: {
      const bool* boolean = get<bool>(value);
      return boolean != nullptr && *boolean == flag;
    }
    case Kind::present:
      return (value != nullptr && get<std::monostate>(value) == nullptr) == flag;
    case Kind::list_of: {
      const MetadataList* list = get<MetadataList>(value);
      return list != nullptr && std::any_of(list->begin(), list->end(), [&](const auto& element) {
               return children.front().matches(&element);
             });
    }
    case Kind::any_of:
      return std::any_of(children.begin(), children.end(),
                         [&](const ValueMatcher& child) { return child.matches(value); });
  }
  return false;
}

bool MetadataMatcher::matches(const Metadata& metadata) const {
  return value.matches(metadata.find(filter, path)) != invert;
}

}  // namespace outrigger::config
