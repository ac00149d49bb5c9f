// PlacedEndpoints: the endpoints of a cluster in their order, each with its locality and what is
// known of its health, as an update left them; so the next update sees which of them are as they
// were without a look at their hosts, which is what takes time where there are many. Names
// endpoints and states that the hosts keep. Thread: one worker. Lifetime: until the next update.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/config/cluster.h"
#include "proxy/upstream/host_state.h"

namespace outrigger::upstream {

class PlacedEndpoints {
 public:
  // What is known of an endpoint; nullptr: nothing.
  struct State {
    const HostState* state = nullptr;
    uint32_t flags = 0;
    bool operator==(const State&) const = default;
  };
  PlacedEndpoints() = default;  // none
  // `states`: of each of them, in order; otherwise they are of no use, and not used.
  PlacedEndpoints(const config::EndpointSet& set, const HostStates* states);

  const std::vector<const config::Endpoint*>& endpoints() const { return endpoints_; }
  State state_of(size_t place) const { return states_.empty() ? State() : states_[place]; }
  // Of each of the localities that `next` has: the one here of the same name and priority, or
  // kNone.
  std::vector<uint32_t> counterparts(const config::EndpointSet& next) const;
  // An endpoint at this place, in this locality, and in this state.
  bool has(size_t place, uint32_t locality, const State& state) const {
    return place < endpoints_.size() && locality_of_[place] == locality && state_of(place) == state;
  }

 private:
  static constexpr uint32_t kNone = 0xffffffff;
  struct Place {
    config::Locality name;
    uint32_t priority;
  };
  std::vector<const config::Endpoint*> endpoints_;
  std::vector<uint32_t> locality_of_;  // of each, in localities_
  std::vector<State> states_;          // of each; empty: nothing is known of any
  std::vector<Place> localities_;
};

}  // namespace outrigger::upstream
