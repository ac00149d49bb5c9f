// HttpListener: the HTTP connections of one filter chain on ONE worker: makes them, counts them,
// drains them. Thread: that worker. Lifetime: until its last connection is closed.
#pragma once

#include <memory>
#include <vector>

#include "proxy/net/chain_handler.h"
#include "proxy/net/listener_log.h"
#include "proxy/stream/http_connection.h"

namespace outrigger::stream {

class HttpListener final : public net::ChainHandler, public ConnectionOwner {
 public:
  explicit HttpListener(std::shared_ptr<HttpService> service);
  ~HttpListener() override;

  void on_connection(std::unique_ptr<runtime::Transport> transport,
                     DownstreamConnectionInfo info) override;
  void on_refused(DownstreamConnectionInfo& info) override { listener_log_.log_end(info, {}); }
  void drain(net::DrainPace pace) override;
  void close_all() override;
  size_t connection_count() const override { return connections_.size(); }

 private:
  void on_connection_closed(HttpConnection& connection) override;

  std::shared_ptr<HttpService> service_;
  net::ListenerLog listener_log_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
};

}  // namespace outrigger::stream
