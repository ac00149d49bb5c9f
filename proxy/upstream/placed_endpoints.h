// PlacedEndpoints: the endpoints of a cluster in their order, each with its locality, as an update
// left them; so the next update sees which of them are as they were without a look at their hosts,
// which is what takes time where there are many. Names endpoints that somebody else keeps. Thread:
// one worker. Lifetime: until the next update.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/config/cluster.h"

namespace outrigger::upstream {

class PlacedEndpoints {
 public:
  PlacedEndpoints() = default;  // none
  explicit PlacedEndpoints(const config::EndpointSet& set);

  const std::vector<const config::Endpoint*>& endpoints() const { return endpoints_; }
  // Of each of the localities that `next` has: the one here of the same name and priority, or
  // kNone.
  std::vector<uint32_t> counterparts(const config::EndpointSet& next) const;
  uint32_t locality_of(size_t place) const { return locality_of_[place]; }

  static constexpr uint32_t kNone = 0xffffffff;

 private:
  struct Place {
    config::Locality name;
    uint32_t priority;
  };
  std::vector<const config::Endpoint*> endpoints_;
  std::vector<uint32_t> locality_of_;  // of each, in localities_
  std::vector<Place> localities_;
};

}  // namespace outrigger::upstream
