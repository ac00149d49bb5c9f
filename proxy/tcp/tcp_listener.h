// TcpListener: the connections of one filter chain that ends in a TCP proxy, on ONE worker: makes
// them, counts them. Thread: that worker. Lifetime: until its last connection is closed.
#pragma once

#include <memory>
#include <vector>

#include "proxy/net/chain_handler.h"
#include "proxy/tcp/tcp_service.h"

namespace outrigger::tcp {

class TcpConnection;

class TcpListener final : public net::ChainHandler {
 public:
  TcpListener(config::ListenerPtr listener, config::FilterChainPtr chain, TcpServices& services);
  ~TcpListener() override;

  void on_connection(std::unique_ptr<runtime::Transport> transport,
                     DownstreamConnectionInfo info) override;
  void on_refused(DownstreamConnectionInfo& info) override;
  // Nothing tells the peers of octets to end: they go on until close_all, as in Envoy.
  void drain(net::DrainPace) override {}
  void close_all() override;
  size_t connection_count() const override { return connections_.size(); }

  // From a connection that is over: it is destroyed at the end of the turn.
  void on_connection_closed(TcpConnection& connection);

 private:
  std::shared_ptr<TcpService> service_;
  std::vector<std::unique_ptr<TcpConnection>> connections_;
};

}  // namespace outrigger::tcp
