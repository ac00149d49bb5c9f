// FilteredChain: the network filters of one filter chain on ONE worker, in front of the chain's
// end. A connection reaches the end when every filter has let it pass (on_new_connection); until
// then it is held here. Its transport is a FilteredTransport from then on. Thread: that worker.
// Lifetime: as the end that it wraps.
#pragma once

#include <memory>
#include <vector>

#include "api/config/listener.h"
#include "api/listener_counts.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/filtered_transport.h"
#include "proxy/net/listener.h"

namespace outrigger::net {

// `end`, behind the chain's filters; `end` itself if it has none, which then cost nothing.
std::unique_ptr<ChainHandler> wrap_filters(const config::ListenerPtr& listener,
                                           const config::FilterChainPtr& chain,
                                           ConnectionServices& services,
                                           std::unique_ptr<ChainHandler> end);

class FilteredChain final : public ChainHandler, public FilteredTransportOwner {
 public:
  FilteredChain(config::ListenerPtr listener, config::FilterChainPtr chain,
                ConnectionServices& services, std::unique_ptr<ChainHandler> end);
  ~FilteredChain() override;

  void on_connection(std::unique_ptr<runtime::Transport> transport,
                     DownstreamConnectionInfo info) override;
  void drain(DrainPace pace) override { end_->drain(pace); }  // who is held meets a draining chain
  void close_all() override;
  size_t connection_count() const override { return held_.size() + end_->connection_count(); }

 private:
  // FilteredTransportOwner
  void on_admitted(FilteredTransport& transport) override;
  void on_turned_away(FilteredTransport& transport) override;

  std::unique_ptr<FilteredTransport> take(FilteredTransport& transport);

  config::ListenerPtr listener_;
  config::FilterChainPtr chain_;
  ConnectionServices& services_;
  ListenerCounts counts_;
  std::unique_ptr<ChainHandler> end_;
  std::vector<std::unique_ptr<FilteredTransport>> held_;
};

}  // namespace outrigger::net
