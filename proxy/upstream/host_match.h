// HostMatch: which hosts of before the endpoints of an update continue. Endpoints that are the same
// objects in nearly the same order cost one comparison each; only what is left is looked up: first
// as an object, then by address. Thread: one worker. Lifetime: one update.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proxy/upstream/host.h"

namespace outrigger::upstream {

class HostMatch {
 public:
  // `endpoints`: of each of them, if they are known without a look at the hosts.
  explicit HostMatch(std::vector<HostRef> before,
                     std::vector<const config::Endpoint*> endpoints = {});

  // For each endpoint the host that it continues, or nullptr: none. `one_name`: an only host goes
  // on whatever its address (LOGICAL_DNS).
  std::vector<HostRef> match(const std::vector<const config::Endpoint*>& endpoints, bool one_name);
  // The hosts that nothing continues.
  const std::vector<HostRef>& left() const { return before_; }
  // Where the host of the n-th endpoint was, if the endpoint is the same object as before and was
  // found in order; otherwise kNone.
  uint32_t place_before(size_t n) const { return n < places_.size() ? places_[n] : kNone; }
  static constexpr uint32_t kNone = 0xffffffff;
  // How many endpoints had to be looked up.
  size_t looked_up() const { return looked_up_; }

 private:
  using Places = std::vector<size_t>;  // of endpoints without a host yet
  Places match_in_order(const std::vector<const config::Endpoint*>& endpoints,
                        std::vector<HostRef>& out);
  Places match_objects(const std::vector<const config::Endpoint*>& endpoints, const Places& open,
                       std::vector<HostRef>& out);
  void match_addresses(const std::vector<const config::Endpoint*>& endpoints, const Places& open,
                       std::vector<HostRef>& out);

  std::vector<HostRef> before_;                     // without those that were taken
  std::vector<const config::Endpoint*> endpoints_;  // of each, before any was taken
  std::vector<uint32_t> places_;
  size_t looked_up_ = 0;
};

}  // namespace outrigger::upstream
