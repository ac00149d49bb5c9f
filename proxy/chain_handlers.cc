#include "proxy/chain_handlers.h"

#include "proxy/net/filter_terminal.h"
#include "proxy/net/filtered_chain.h"
#include "proxy/stream/http_listener.h"
#include "proxy/stream/http_service.h"
#include "proxy/tcp/tcp_listener.h"

namespace outrigger {

std::unique_ptr<net::ChainHandler> ChainHandlers::make(const config::ListenerPtr& listener,
                                                       const config::FilterChainPtr& chain) {
  return net::wrap_filters(listener, chain, connections_, make_end(listener, chain));
}

std::unique_ptr<net::ChainHandler> ChainHandlers::make_end(const config::ListenerPtr& listener,
                                                           const config::FilterChainPtr& chain) {
  if (chain->http != nullptr) {
    return std::make_unique<stream::HttpListener>(
        std::make_shared<stream::HttpService>(listener, chain, http_));
  }
  if (chain->tcp != nullptr) return std::make_unique<tcp::TcpListener>(listener, chain, tcp_);
  return std::make_unique<net::FilterTerminalListener>(listener, connections_, http_.logs);
}

}  // namespace outrigger
