// ListenSockets: the listening sockets of one listener: for each of its addresses one that all
// workers share, or one for each worker (SO_REUSEPORT). The main thread opens them, so that an
// address that cannot be had is an error at once; a worker accepts from a copy of its descriptor.
// Thread: made by the main thread, then read by any. Lifetime: shared; listeners that follow each
// other at the same address have the same sockets, and no connection that waits in their queues is
// lost. Sockets are closed with the last of the copies.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/listener.h"
#include "api/net/address.h"
#include "proxy/runtime/loop.h"

namespace outrigger::net {

// Where sockets come from that are open already: those of the process that this one replaces.
class SocketSource {
 public:
  // The descriptor of a socket that is bound to this address, to be owned by the caller; nullopt:
  // there is none. `worker`: which of the sockets of the address, where each worker has its own.
  virtual std::optional<int> take(const Address& address, unsigned worker) = 0;

 protected:
  ~SocketSource() = default;
};

class ListenSockets {
 public:
  // Binds; nobody can connect yet. The error: "cannot bind '127.0.0.1:80': Address already in use".
  static absl::StatusOr<std::shared_ptr<ListenSockets>> bind(const config::Listener& listener,
                                                             unsigned workers,
                                                             SocketSource* inherited);
  ~ListenSockets();
  ListenSockets(const ListenSockets&) = delete;
  ListenSockets& operator=(const ListenSockets&) = delete;

  // Connections are taken from now on; of a later listener at the same sockets: with its backlog.
  absl::Status listen(const config::Listener& listener);

  // In the order of the configuration: the address, then the additional ones, with the ports that
  // the system chose.
  const std::vector<Address>& addresses() const { return addresses_; }
  // The descriptor of an address for a worker; stays owned by this object.
  int descriptor(size_t address, unsigned worker) const;
  unsigned per_address(size_t address) const {
    return static_cast<unsigned>(descriptors_[address].size());
  }

  // Would this listener open the same sockets?
  bool fit(const config::Listener& listener) const;

 private:
  explicit ListenSockets(std::string wanted) : wanted_(std::move(wanted)) {}

  std::string wanted_;  // what of the configuration they were opened by
  std::vector<Address> addresses_;
  std::vector<std::vector<int>> descriptors_;  // by address; then one, or one a worker
};

}  // namespace outrigger::net
