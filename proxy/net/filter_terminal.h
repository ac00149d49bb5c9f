// FilterTerminalListener: the end of a chain whose last filter is terminal (echo, direct_response):
// owns its connections and leaves everything else to the filters, in front of which wrap_filters()
// puts it. Thread: one worker. Lifetime: until its last connection is closed.
#pragma once

#include <memory>
#include <vector>

#include "api/config/listener.h"
#include "api/listener_counts.h"
#include "proxy/net/chain_handler.h"
#include "proxy/net/connection_services.h"
#include "proxy/net/listener_log.h"

namespace outrigger::net {

class FilterTerminalListener final : public ChainHandler {
 public:
  FilterTerminalListener(config::ListenerPtr listener, ConnectionServices& services,
                         observe::LogWriter& logs);
  ~FilterTerminalListener() override;

  void on_connection(std::unique_ptr<runtime::Transport> transport,
                     DownstreamConnectionInfo info) override;
  void on_refused(DownstreamConnectionInfo& info) override { listener_log_.log_end(info, {}); }
  void drain(DrainPace) override {}  // octets have no end that could be waited for
  void close_all() override;
  size_t connection_count() const override { return connections_.size(); }

 private:
  class Connection;
  void remove(Connection& connection);

  config::ListenerPtr listener_;
  ConnectionServices& services_;
  ListenerCounts counts_;
  ListenerLog listener_log_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace outrigger::net
