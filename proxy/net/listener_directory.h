// ListenerDirectory: the listeners of ONE worker, by address (for connections that were redirected)
// and by name (for connections from inside the process). Thread: that worker. Lifetime: the
// worker's; a listener takes itself out when it stops.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

#include "api/net/address.h"

namespace outrigger::net {

class Listener;

class ListenerDirectory {
 public:
  void add(const Address& address, Listener& listener);
  void remove(const Address& address, const Listener& listener);

  // The listener of exactly this address (of several the first), else of its port on every address;
  // nullptr: there is none.
  Listener* find(const Address& address) const;
  Listener* find_internal(std::string_view name) const;

 private:
  Listener* exactly(const Address& address) const;

  absl::flat_hash_map<std::string, absl::InlinedVector<Listener*, 1>> by_address_;
};

}  // namespace outrigger::net
