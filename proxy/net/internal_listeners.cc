#include "proxy/net/internal_listeners.h"

#include <utility>

#include "fmt/format.h"

#include "proxy/net/internal_pair.h"
#include "proxy/net/listener.h"

namespace outrigger::net {

absl::StatusOr<std::unique_ptr<runtime::Transport>> InternalListeners::connect_internal(
    const runtime::ConnectOptions& options, runtime::TransportHandler& handler) {
  std::string_view name = options.address.internal_listener();
  Listener* listener = directory_.find_internal(name);
  if (listener == nullptr)
    return absl::UnavailableError(fmt::format("there is no internal listener '{}'", name));
  Address from = options.source.valid() ? options.source : options.address;
  InternalPair pair = make_internal_pair(loop_, from, options.address);
  pair.client->set_handler(handler);
  listener->accept_internal(std::move(pair.server));
  return std::move(pair.client);
}

}  // namespace outrigger::net
