#include "filters/http/set_metadata/filter.h"

#include <variant>

namespace outrigger::filters::set_metadata {

void merge(const MetadataStruct& with, MetadataStruct& into) {
  for (const MetadataStruct::Member& member : with.members()) {
    MetadataValue& held = into[member.first];
    const MetadataValue& value = member.second;
    auto* list = std::get_if<MetadataList>(&held.get());
    const auto* more = std::get_if<MetadataList>(&value.get());
    if (value.object() != nullptr && held.object() != nullptr) {
      merge(*value.object(), held.make_object());
    } else if (list != nullptr && more != nullptr) {
      list->insert(list->end(), more->begin(), more->end());
    } else {
      held = value;
    }
  }
}

Verdict SetMetadataFilter::on_request_headers(FilterContext& context, http::HeaderMap&, bool) {
  if (entries_.empty()) return Verdict::next();
  Metadata& metadata = context.info().make_extras(context.arena()).metadata;
  for (const Entry& entry : entries_) {
    bool there = metadata.filters.find(entry.name_space) != nullptr;
    if (!there || entry.allow_overwrite) merge(entry.value, metadata.of(entry.name_space));
  }
  return Verdict::next();
}

ArenaPtr<HttpFilter> SetMetadataFactory::create(Arena& arena) const {
  return make_in_arena<SetMetadataFilter>(arena, entries_);
}

}  // namespace outrigger::filters::set_metadata
