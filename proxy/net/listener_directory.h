// ListenerDirectory: the listeners of ONE worker, by address (for connections that were redirected)
// and by name (for connections from inside the process). Thread: that worker; filled before it
// starts. Lifetime: the worker's; a listener takes itself out.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

#include "api/net/address.h"

namespace outrigger::net {

class Listener;

class ListenerDirectory {
 public:
  void add(const Address& address, Listener& listener);
  void remove(const Listener& listener);

  // The listener of exactly this address, else of its port on every address; nullptr: there is
  // none, or it has stopped.
  Listener* find(const Address& address) const;
  Listener* find_internal(std::string_view name) const;

 private:
  Listener* exactly(const Address& address) const;

  absl::flat_hash_map<std::string, Listener*> by_address_;
};

}  // namespace outrigger::net
