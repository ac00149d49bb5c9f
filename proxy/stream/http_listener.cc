#include "proxy/stream/http_listener.h"

#include "proxy/stream/http_service.h"
#include "proxy/stream/stream.h"

namespace outrigger::stream {

HttpListener::HttpListener(std::shared_ptr<HttpService> service)
    : service_(std::move(service)),
      listener_log_(service_->listener(), service_->services().worker, service_->services().loop,
                    service_->services().runtime, service_->services().logs) {}

HttpListener::~HttpListener() {
  close_all();
}

void HttpListener::on_connection(std::unique_ptr<runtime::Transport> transport,
                                 DownstreamConnectionInfo info) {
  service_->listener_counts().note_held();
  auto connection =
      std::make_unique<HttpConnection>(service_, std::move(transport), std::move(info), *this);
  connection->index = connections_.size();
  connections_.push_back(std::move(connection));
}

void HttpListener::on_connection_closed(HttpConnection& connection) {
  service_->listener_counts().note_let_go();
  service_->listener_counts().note_ended(connection.age());
  listener_log_.log_end(connection.info(), {}, connection.transport().bytes_received(),
                        connection.transport().bytes_sent());
  size_t at = connection.index;
  std::unique_ptr<HttpConnection> dead = std::move(connections_[at]);
  if (at + 1 != connections_.size()) {
    connections_[at] = std::move(connections_.back());
    connections_[at]->index = at;
  }
  connections_.pop_back();
  service_->services().loop.defer_delete(std::move(dead));
}

void HttpListener::drain(net::DrainPace pace) {
  for (size_t i = connections_.size(); i > 0; --i) connections_[i - 1]->drain(pace);
}

void HttpListener::close_all() {
  while (!connections_.empty()) connections_.back()->close_now("the proxy shuts down");
}

}  // namespace outrigger::stream
