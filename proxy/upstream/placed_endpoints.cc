#include "proxy/upstream/placed_endpoints.h"

#include <algorithm>

namespace outrigger::upstream {

PlacedEndpoints::PlacedEndpoints(const config::EndpointSet& set, const HostStates* states) {
  size_t count = 0;
  for (const config::LocalityEndpoints& locality : set.localities)
    count += locality.endpoints.size();
  endpoints_.reserve(count);
  locality_of_.reserve(count);
  for (const config::LocalityEndpoints& locality : set.localities) {
    auto number = static_cast<uint32_t>(localities_.size());
    localities_.push_back({locality.locality, locality.priority});
    for (const config::EndpointPtr& endpoint : locality.endpoints) {
      endpoints_.push_back(endpoint.get());
      locality_of_.push_back(number);
    }
  }
  if (states == nullptr || states->size() != count) return;
  states_.reserve(count);
  for (const HostStatePtr& state : *states)
    states_.push_back({state.get(), state == nullptr ? 0 : state->flags()});
}

std::vector<uint32_t> PlacedEndpoints::counterparts(const config::EndpointSet& next) const {
  std::vector<uint32_t> out;
  for (const config::LocalityEndpoints& locality : next.localities) {
    const config::Locality& name = locality.locality;
    auto found = std::find_if(localities_.begin(), localities_.end(), [&](const Place& place) {
      return place.priority == locality.priority && place.name.region == name.region &&
             place.name.zone == name.zone && place.name.sub_zone == name.sub_zone;
    });
    bool there = found != localities_.end();
    out.push_back(there ? static_cast<uint32_t>(found - localities_.begin()) : kNone);
  }
  return out;
}

}  // namespace outrigger::upstream
