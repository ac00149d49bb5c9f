// What endpoints must have for one request: its route's metadata_match, and what filters found out
// ("envoy.lb" of its dynamic metadata), which comes before it. Pure. Thread: any.
#pragma once

#include <span>

#include "api/arena.h"
#include "api/config/load_balancing.h"
#include "api/metadata.h"

namespace outrigger::upstream {

using Criteria = std::span<const config::MetadataCriterion>;

// Two sorted lists become one, handed to `add`; of equal keys the second's counts.
template <class Add>
void merge_sorted(Criteria below, const MetadataStruct& above, const Add& add) {
  size_t at = 0;
  for (const auto& [key, value] : above.members()) {
    while (at < below.size() && below[at].key < key) add(below[at++]);
    if (at < below.size() && below[at].key == key) ++at;
    add(config::MetadataCriterion(key, value));
  }
  while (at < below.size()) add(below[at++]);
}

// The "envoy.lb" struct; nullptr: there is none.
const MetadataStruct* lb_metadata(const Metadata& metadata);

// Sorted by key; without dynamic metadata nothing is copied. Any may be nullptr; each comes before
// those to its left.
Criteria merge_criteria(const config::MetadataMatchCriteria* of_route,
                        const MetadataStruct* of_connection, const MetadataStruct* of_request,
                        Arena& arena);

}  // namespace outrigger::upstream
