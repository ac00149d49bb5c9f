#include "proxy/upstream/match_criteria.h"

#include <new>

namespace outrigger::upstream {
namespace {

using config::MetadataCriterion;

Criteria merge(Criteria below, const MetadataStruct& above, Arena& arena) {
  size_t room = below.size() + above.members().size();
  auto* out = static_cast<MetadataCriterion*>(
      arena.allocate(room * sizeof(MetadataCriterion), alignof(MetadataCriterion)));
  size_t size = 0;
  merge_sorted(below, above,
               [&](const MetadataCriterion& each) { new (&out[size++]) MetadataCriterion(each); });
  return {out, size};
}

}  // namespace

const MetadataStruct* lb_metadata(const Metadata& metadata) {
  if (metadata.empty()) return nullptr;
  const MetadataValue* value = metadata.filters.find("envoy.lb");
  return value == nullptr ? nullptr : value->object();
}

Criteria merge_criteria(const config::MetadataMatchCriteria* of_route,
                        const MetadataStruct* of_connection, const MetadataStruct* of_request,
                        Arena& arena) {
  Criteria out;
  if (of_route != nullptr) out = of_route->criteria();
  if (of_connection != nullptr) out = merge(out, *of_connection, arena);
  if (of_request != nullptr) out = merge(out, *of_request, arena);
  return out;
}

}  // namespace outrigger::upstream
