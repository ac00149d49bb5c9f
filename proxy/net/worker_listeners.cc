#include "proxy/net/worker_listeners.h"

#include <string>
#include <utility>

#include "proxy/runtime/log.h"

namespace outrigger::net {

Listener* WorkerListeners::find(const Share& share) const {
  auto found = listeners_.find(share.get());
  return found == listeners_.end() ? nullptr : found->second.get();
}

// The sockets are open: what can go wrong here is only that the process has too many descriptors.
void WorkerListeners::add(const Share& share, ChainSetPtr chains, const ListenSockets* sockets) {
  auto listener = std::make_unique<Listener>(share, std::move(chains), services_);
  if (absl::Status status = listener->start(sockets); !status.ok()) {
    OUTRIGGER_LOG(config, error, "listener '{}' does not accept on worker {}: {}",
                  share->config()->name, services_.connection.worker,
                  std::string(status.message()));
  }
  listeners_.insert_or_assign(share.get(), std::move(listener));
}

void WorkerListeners::set_chains(const Share& share, ChainSetPtr chains,
                                 std::chrono::milliseconds drain_time,
                                 std::function<void()> drained) {
  if (Listener* listener = find(share)) {
    listener->set_chains(std::move(chains), drain_time, std::move(drained));
  } else {
    drained();
  }
}

void WorkerListeners::stop(const Share& share, Listener::Waiting waiting) {
  if (Listener* listener = find(share)) listener->stop(waiting);
}

void WorkerListeners::drain(const Share& share, DrainPace pace) {
  if (Listener* listener = find(share)) listener->drain(pace);
}

void WorkerListeners::close_all(const Share& share) {
  if (Listener* listener = find(share)) listener->close_all();
}

void WorkerListeners::stop_and_close_all() {
  for (auto& [_, listener] : listeners_) {
    listener->stop(Listener::Waiting::left_over);
    listener->close_all();
  }
}

}  // namespace outrigger::net
