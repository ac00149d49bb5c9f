// ChainHandlers: makes the end of a filter chain on ONE worker: HTTP, TCP or a terminal network
// filter, behind the chain's network filters. Thread: that worker. Lifetime: the worker's.
#pragma once

#include <memory>

#include "api/config/listener.h"
#include "proxy/net/chain_handler.h"
#include "proxy/net/connection_services.h"
#include "proxy/stream/worker_services.h"
#include "proxy/tcp/tcp_service.h"

namespace outrigger {

class ChainHandlers {
 public:
  ChainHandlers(net::ConnectionServices& connections, stream::WorkerServices& http)
      : connections_(connections), http_(http), tcp_{connections, http.clusters, http.logs} {}

  std::unique_ptr<net::ChainHandler> make(const config::ListenerPtr& listener,
                                          const config::FilterChainPtr& chain);

 private:
  std::unique_ptr<net::ChainHandler> make_end(const config::ListenerPtr& listener,
                                              const config::FilterChainPtr& chain);

  net::ConnectionServices& connections_;
  stream::WorkerServices& http_;
  tcp::TcpServices tcp_;
};

}  // namespace outrigger
