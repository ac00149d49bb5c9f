// HostMatch: which hosts of before the endpoints of an update continue. Endpoints that are the same
// objects in nearly the same order cost one comparison each; only what is left is looked up: first
// as an object, then by address. Thread: one worker. Lifetime: one update.
#pragma once

#include <cstddef>
#include <vector>

#include "proxy/upstream/host.h"

namespace outrigger::upstream {

class HostMatch {
 public:
  explicit HostMatch(std::vector<HostRef> before) : before_(std::move(before)) {}

  // For each endpoint the host that it continues, or nullptr: none. `one_name`: an only host goes
  // on whatever its address (LOGICAL_DNS).
  std::vector<HostRef> match(const std::vector<const config::Endpoint*>& endpoints, bool one_name);
  // The hosts that nothing continues.
  const std::vector<HostRef>& left() const { return before_; }
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

  std::vector<HostRef> before_;  // without those that were taken
  size_t looked_up_ = 0;
};

}  // namespace outrigger::upstream
