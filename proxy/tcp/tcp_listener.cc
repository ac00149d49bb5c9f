#include "proxy/tcp/tcp_listener.h"

#include <utility>

#include "proxy/tcp/tcp_connection.h"

namespace outrigger::tcp {

TcpListener::TcpListener(config::ListenerPtr listener, config::FilterChainPtr chain,
                         TcpServices& services)
    : service_(std::make_shared<TcpService>(std::move(listener), std::move(chain), services)) {}

TcpListener::~TcpListener() {
  close_all();
}

void TcpListener::on_connection(std::unique_ptr<runtime::Transport> transport,
                                DownstreamConnectionInfo info) {
  service_->listener_counts().note_held();
  auto connection =
      std::make_unique<TcpConnection>(service_, std::move(transport), std::move(info), *this);
  connection->index = connections_.size();
  connections_.push_back(std::move(connection));
  connections_.back()->start();
}

void TcpListener::on_refused(DownstreamConnectionInfo& info) {
  service_->stats().downstream_cx_total.inc();
  if (service_->access_log().empty() && service_->listener_log().empty()) return;
  StreamInfo stream;
  stream.connection = &info;
  stream.start = info.start;
  stream.start_time = info.start_time;
  info.end = stream.end = service_->loop().now();
  stream.downstream_remote = info.remote;
  if (info.extras != nullptr) {
    stream.flags = info.extras->flags;
    stream.connection_termination_details = info.extras->connection_termination_details;
  }
  observe::LogContext context{stream};
  context.type = observe::AccessLogType::tcp_connection_end;
  context.runtime = service_->worker().runtime.get();
  service_->access_log().log(context);
  service_->listener_log().log(stream);
}

void TcpListener::on_connection_closed(TcpConnection& connection) {
  service_->listener_counts().note_let_go();
  service_->listener_counts().note_ended(connection.age());
  size_t at = connection.index;
  std::unique_ptr<TcpConnection> dead = std::move(connections_[at]);
  if (at + 1 != connections_.size()) {
    connections_[at] = std::move(connections_.back());
    connections_[at]->index = at;
  }
  connections_.pop_back();
  service_->loop().defer_delete(std::move(dead));
}

void TcpListener::close_all() {
  while (!connections_.empty()) connections_.back()->close_now("the proxy shuts down");
}

}  // namespace outrigger::tcp
