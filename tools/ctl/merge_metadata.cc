#include "tools/ctl/merge_metadata.h"

namespace outrigger::ctl {
namespace {

void merge(const MetadataStruct& from, MetadataStruct& into);

void merge_value(const MetadataValue& from, MetadataValue& into) {
  if (const MetadataStruct* object = from.object(); object != nullptr && into.object() != nullptr)
    return merge(*object, into.make_object());
  const auto* list = std::get_if<MetadataList>(&from.get());
  auto* present = std::get_if<MetadataList>(&into.get());
  if (list != nullptr && present != nullptr) {
    present->insert(present->end(), list->begin(), list->end());
  } else {
    into = from;
  }
}

void merge(const MetadataStruct& from, MetadataStruct& into) {
  for (const auto& [key, value] : from.members()) {
    if (into.find(key) == nullptr) {
      into[key] = value;
    } else {
      merge_value(value, into[key]);
    }
  }
}

}  // namespace

void set_metadata(std::string_view name, const MetadataStruct& value, bool overwrite,
                  Metadata& into) {
  if (into.filters.find(name) != nullptr && !overwrite) return;
  merge(value, into.of(name));
}

}  // namespace outrigger::ctl
