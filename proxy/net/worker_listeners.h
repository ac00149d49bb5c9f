// WorkerListeners: the copies of the process's listeners on ONE worker, those that drain too. A
// listener is named by its share, which all workers have in common. Thread: that worker. Lifetime:
// the worker's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "absl/container/flat_hash_map.h"

#include "proxy/net/chain_set.h"
#include "proxy/net/listen_sockets.h"
#include "proxy/net/listener.h"
#include "proxy/net/listener_share.h"

namespace outrigger::net {

class WorkerListeners {
 public:
  using Share = std::shared_ptr<ListenerShare>;

  explicit WorkerListeners(ListenerServices& services) : services_(services) {}

  // `sockets` nullptr: it has none.
  void add(const Share& share, ChainSetPtr chains, const ListenSockets* sockets);
  void set_chains(const Share& share, ChainSetPtr chains, std::chrono::milliseconds drain_time,
                  std::function<void()> drained);
  void stop(const Share& share, Listener::Waiting waiting);
  void drain(const Share& share, DrainPace pace);
  void close_all(const Share& share);
  // It has no connection any more.
  void remove(const Share& share) { listeners_.erase(share.get()); }
  // The worker ends.
  void stop_and_close_all();

 private:
  Listener* find(const Share& share) const;

  ListenerServices& services_;
  absl::flat_hash_map<const ListenerShare*, std::unique_ptr<Listener>> listeners_;
};

}  // namespace outrigger::net
