#include "proxy/grpc/call.h"

#include <utility>

#include "fmt/format.h"

#include "proxy/grpc/status.h"
#include "proxy/stream/failure_text.h"
#include "proxy/stream/response_codes.h"
#include "proxy/upstream/client_connection.h"

namespace outrigger::grpc {

using http::HeaderId;

Call::Call(ClusterClients& clients, config::GrpcService service, std::string_view method,
           grpc::StreamHandler& handler, const CallOptions& options)
    : clients_(clients),
      service_(std::move(service)),
      options_(options),
      method_(method),
      handler_(&handler),
      arena_(clients.loop().chunks()),
      head_(arena_),
      reader_(service_.max_receive_message_bytes),
      began_(clients.loop().now()),
      deadline_(clients.loop().timers(), runtime::Timer::call<&Call::on_deadline, Call>(), this),
      task_(
          [](void* self) {
            auto& call = *static_cast<Call*>(self);
            call.state_ == State::queued ? call.begin() : call.tell();
          },
          this) {
  if (options_.timeout) deadline_.start(*options_.timeout);
  clients_.loop().run_soon(task_);  // no callback comes from inside a call
}

Call::~Call() = default;

void Call::begin() {
  state_ = State::waiting;
  cluster_ = clients_.clusters().find(service_.cluster.slot);
  if (cluster_ == nullptr) {
    finish(Code::unavailable, fmt::format("there is no cluster '{}'", service_.cluster.name));
  } else if (cluster_->config().http->version == config::UpstreamHttp::Version::http1) {
    finish(Code::unavailable,
           fmt::format("cluster '{}' speaks HTTP/1: gRPC needs http2_protocol_options",
                       service_.cluster.name));
  } else {
    request_stream(*cluster_);
  }
}

void Call::request_stream(upstream::WorkerCluster& cluster) {
  const config::TransportSocketPtr& socket = cluster.config().transport_socket;
  write_head({service_, options_, clients_.caller(), method_, socket->tls != nullptr}, head_);
  upstream::LbContext context;
  context.random = clients_.random();
  context.headers = &head_;
  host_ = cluster.pick_host(context);
  if (host_ == nullptr) {
    cluster.stats().upstream_cx_none_healthy.inc();
    count_answer(503);
    finish(Code::unavailable,
           fmt::format("no healthy upstream in cluster '{}'", service_.cluster.name));
    return;
  }
  auto needs = upstream::find_needs(cluster.config(), *host_, {nullptr, nullptr, &head_});
  cluster.pool(*host_, false, http::Protocol::http2, needs).request_stream(*this, false);
}

void Call::on_pool_ready(upstream::ClientConnection& connection) {
  connection_ = &connection;
  if (connection.protocol() != http::Protocol::http2) {  // it was agreed on in the handshake
    finish(Code::unavailable,
           fmt::format("{} of cluster '{}' speaks HTTP/1: gRPC needs HTTP/2",
                       connection.remote_address().text(), service_.cluster.name));
    return;
  }
  state_ = State::open;
  encoder_ = &connection.open_stream(*this);
  encoder_->send_headers(head_, false);
  // Each may end the call.
  if (encoder_ != nullptr && (!unsent_.empty() || sending_closed_))
    encoder_->send_body(std::exchange(unsent_, {}), sending_closed_);
}

void Call::on_pool_failure(upstream::PoolFailure failure, std::string_view detail) {
  stream::UpstreamFailure report;
  report.reason = failure == upstream::PoolFailure::overflow
                      ? http::ResetReason::overflow
                      : http::ResetReason::connection_failure;
  report.connect_timeout = failure == upstream::PoolFailure::connect_timeout;
  report.transport_failed = failure == upstream::PoolFailure::transport_failure;
  report.detail = detail;
  count_answer(503);
  std::string text(stream::failure_body(report, 0, arena_));
  // The server of our own configuration: nobody outside reads why TLS failed.
  if (report.transport_failed && !detail.empty())
    text += fmt::format(", transport failure reason: {}", detail);
  finish(Code::unavailable, std::move(text));
}

void Call::send(std::string_view message) {
  if (state_ == State::closed || sending_closed_) return;
  auto prefix = message_prefix(message.size());
  if (encoder_ == nullptr) {
    unsent_.append(prefix.data(), prefix.size()).append(message);
    return;
  }
  encoder_->send_body({prefix.data(), prefix.size()}, false);
  if (encoder_ != nullptr && !message.empty()) encoder_->send_body(message, false);
}

void Call::close_sending() {
  if (state_ == State::closed || std::exchange(sending_closed_, true)) return;
  if (encoder_ != nullptr) encoder_->send_body({}, true);
}

size_t Call::unsent() const {
  return unsent_.size() + (encoder_ == nullptr ? 0 : encoder_->queued_bytes());
}

void Call::count_answer(int http_status) {
  http_status_ = http_status;
  stream::count_upstream_response(cluster_->stats(), http_status);
  stream::count_upstream_response(cluster_->origin_stats(service_.envoy_headers), http_status);
}

void Call::on_headers(http::HeaderMap& headers, bool end_stream) {
  if (state_ != State::open) return;
  count_answer(stream::status_of(headers));
  (http_status_ >= 500 ? host_->stats().rq_error : host_->stats().rq_success).inc();
  if (end_stream) {
    answered_ = true;
    take_status(headers);
    return;
  }
  if (http_status_ != 200) {
    finish(code_of_http_status(http_status_),
           fmt::format("the server answered with HTTP status {}", http_status_));
    return;
  }
  std::string_view type = headers.get(HeaderId::content_type);
  if (!type.empty() && !type.starts_with("application/grpc")) {
    finish(Code::unknown, fmt::format("the server answered with content-type '{}', not with "
                                      "application/grpc",
                                      type));
    return;
  }
  if (headers.get("grpc-encoding") == "identity") reader_.allow_identity();
}

void Call::on_body(Bytes body, bool end_stream) {
  if (state_ != State::open) return;
  std::vector<std::string> messages;
  MessageReader::Error error = reader_.feed(body, messages);
  answered_ = end_stream;
  for (std::string& message : messages) {
    if (state_ != State::open) return;  // ended by who was called back
    handler_->on_message(std::move(message));
  }
  if (state_ != State::open) return;
  if (error != MessageReader::Error::none) {
    finish(error == MessageReader::Error::too_large ? Code::resource_exhausted : Code::internal,
           std::string(error_text(error)));
  } else if (end_stream) {
    finish(Code::unknown, "the server ended the call without a status");
  }
}

void Call::on_trailers(http::HeaderMap& trailers) {
  if (state_ != State::open) return;
  answered_ = true;
  take_status(trailers);
}

void Call::take_status(const http::HeaderMap& trailers) {
  const http::HeaderField* status = trailers.find(HeaderId::grpc_status);
  std::string message = decode_message(trailers.get(HeaderId::grpc_message));
  if (status == nullptr) {
    if (http_status_ == 200) {
      finish(Code::unknown, "the server ended the call without a status");
    } else {
      finish(code_of_http_status(http_status_),
             fmt::format("the server answered with HTTP status {}", http_status_));
    }
    return;
  }
  auto code = parse_status(status->value);
  if (!code) {
    finish(Code::unknown, fmt::format("the server sent the status '{}'", status->value));
  } else if (*code == Code::ok && !reader_.between_messages()) {
    finish(Code::internal, "the server ended the call inside of a message");
  } else {
    finish(*code, std::move(message));
  }
}

void Call::on_reset(http::ResetReason reason, std::string_view detail) {
  encoder_ = nullptr;
  if (state_ != State::open) return leave_connection();
  host_->stats().rq_error.inc();
  if (reason == http::ResetReason::remote_reset ||
      reason == http::ResetReason::remote_refused_stream)
    cluster_->stats().upstream_rq_rx_reset.inc();
  stream::UpstreamFailure report;
  report.reason = reason;
  report.detail = detail;
  if (http_status_ != 0) {
    finish(code_of_reset(reason),
           fmt::format("the call was cut: {}{}{}", stream::reason_text(reason),
                       detail.empty() ? "" : ", ", detail));
    return;
  }
  count_answer(503);
  finish(code_of_reset(reason), std::string(stream::failure_body(report, 0, arena_)));
}

void Call::on_stream_closed() {
  encoder_ = nullptr;
  leave_connection();
}

void Call::on_deadline() {
  if (cluster_ != nullptr) cluster_->stats().upstream_rq_timeout.inc();
  finish(Code::deadline_exceeded, fmt::format("no status within {} ms", options_.timeout->count()));
}

// The end, whatever it is: it is told before the turn ends.
void Call::finish(Code code, std::string message) {
  if (state_ == State::closed) return;
  state_ = State::closed;
  code_ = code;
  message_ = std::move(message);
  deadline_.cancel();
  cancel_wait();
  if (cluster_ != nullptr && http_status_ != 0) {
    auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(clients_.loop().now() - began_);
    cluster_->stats().upstream_rq_time.record(static_cast<uint64_t>(took.count()));
  }
  // Complete both ways: the codec is about to say on_stream_closed.
  if (!(answered_ && sending_closed_)) leave_connection();
  unsent_.clear();
  task_.cancel();
  if (handler_ != nullptr) clients_.loop().run_soon(task_);
}

void Call::leave_connection() {
  if (encoder_ != nullptr) {
    cluster_->stats().upstream_rq_tx_reset.inc();
    std::exchange(encoder_, nullptr)->reset(http::ResetReason::local_reset);
  }
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->release_stream();
}

void Call::tell() {
  if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_closed(code_, message_);
}

void Call::abandon() {
  handler_ = nullptr;
  finish(Code::cancelled, "");
  // What is complete is not told as closed any more.
  leave_connection();
  task_.cancel();
  clients_.loop().defer_delete(std::unique_ptr<runtime::Deferred>(this));
}

}  // namespace outrigger::grpc
