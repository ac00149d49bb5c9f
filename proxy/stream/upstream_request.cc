#include "proxy/stream/upstream_request.h"

#include <utility>

#include "proxy/http2/details.h"
#include "proxy/route/grpc_status.h"
#include "proxy/route/timeout.h"
#include "proxy/upstream/client_connection.h"

namespace outrigger::stream {

using http::HeaderId;

UpstreamRequest::UpstreamRequest(UpstreamOwner& owner, upstream::ConnPool& pool,
                                 const http::HeaderMap& headers, bool end_stream, bool upgrade,
                                 ArenaPtr<AttemptFilters> filters)
    : owner_(&owner),
      pool_(pool),
      filters_(std::move(filters)),
      headers_(headers),
      headers_end_(end_stream),
      upgrade_(upgrade) {}

UpstreamRequest::~UpstreamRequest() {
  response_ended_ = false;  // what the codec has not closed by now is reset
  give_up(http::ResetReason::local_reset);
}

void UpstreamRequest::on_pool_ready(upstream::ClientConnection& connection) {
  connection_ = &connection;
  // One that was made for a request that another connection served has been idle as well.
  bool was_idle =
      connection.streams_opened() > 1 || connection.ready_since() < pool_.cluster().loop().now();
  reused_ = was_idle && connection.active_streams() == 1;
  state_ = State::open;
  pool_.host().note_connected();
  encoder_ = &connection.open_stream(*this);
  owner_->on_upstream_connected(connection, pool_.host());
  if (paused_) encoder_->pause_reading(true);
  if (upgrade_ && connection.protocol() == http::Protocol::http2) {
    http::HeaderMap copy(owner_->arena());
    copy.copy_from(headers_);
    as_extended_connect(copy);
    encoder_->send_headers(copy, headers_end_);
  } else {
    encoder_->send_headers(headers_, headers_end_);
  }
  // Each of these may end the attempt: the encoder is looked at again every time.
  if (headers_end_) {
    note_sent();
    return;
  }
  if (encoder_ != nullptr && (!waiting_body_.empty() || body_end_)) {
    std::string body = std::move(waiting_body_);
    waiting_body_.clear();
    encoder_->send_body(body, body_end_ && trailers_ == nullptr);
    owner_->on_upstream_blocked(false);
  }
  if (encoder_ != nullptr && trailers_ != nullptr) encoder_->send_trailers(*trailers_);
  if (body_end_ || trailers_ != nullptr) note_sent();
}

// RFC 8441: an upgrade over HTTP/2 is a CONNECT with the protocol beside it.
void UpstreamRequest::as_extended_connect(http::HeaderMap& headers) {
  if (headers.get(HeaderId::method) == "CONNECT") return;
  headers.set(HeaderId::method, "CONNECT");
  headers.add(HeaderId::protocol, headers.get(HeaderId::upgrade));
  headers.remove(HeaderId::upgrade);
  headers.remove(HeaderId::connection);
}

void UpstreamRequest::on_pool_failure(upstream::PoolFailure failure, std::string_view detail) {
  state_ = State::closed;
  UpstreamFailure report;
  report.reason = failure == upstream::PoolFailure::overflow
                      ? http::ResetReason::overflow
                      : http::ResetReason::connection_failure;
  report.connect_timeout = failure == upstream::PoolFailure::connect_timeout;
  report.transport_failed = failure == upstream::PoolFailure::transport_failure;
  (report.transport_failed ? report.transport_reason : report.detail) = detail;
  // A limit of ours says nothing of the host.
  if (report.reason != http::ResetReason::overflow)
    pool_.host().note_failure(upstream::HostState::Failure::connect);
  owner_->on_upstream_failure(report);
}

void UpstreamRequest::send_body(Bytes body, bool end_stream) {
  if (state_ == State::closed) return;
  body_end_ = end_stream;
  if (encoder_ == nullptr) {
    if (state_ != State::waiting) return;  // the upstream has answered in full and let go
    bool first = waiting_body_.empty() && !body.empty();
    waiting_body_.append(body);
    if (first) owner_->on_upstream_blocked(true);  // no more until there is a stream
    return;
  }
  encoder_->send_body(body, end_stream);
  if (end_stream) note_sent();
}

void UpstreamRequest::send_trailers(http::HeaderMap& trailers) {
  if (state_ == State::closed) return;
  trailers_ = &trailers;
  if (filters_ != nullptr) {
    trailers_ = owner_->arena().make<http::HeaderMap>(owner_->arena());
    trailers_->copy_from(trailers);  // another attempt may need them as they are
    filters_->request_trailers(*trailers_);
  }
  if (encoder_ == nullptr) return;
  encoder_->send_trailers(*trailers_);
  note_sent();
}

void UpstreamRequest::note_sent() {
  if (request_ended_ || state_ == State::closed) return;
  request_ended_ = true;
  owner_->on_upstream_request_sent();
}

void UpstreamRequest::pause_response(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  if (encoder_ != nullptr) encoder_->pause_reading(pause);
}

void UpstreamRequest::on_informational(http::HeaderMap& headers) {
  if (state_ == State::open) owner_->on_upstream_informational(headers);
}

void UpstreamRequest::on_headers(http::HeaderMap& headers, bool end_stream) {
  if (state_ != State::open) return;
  response_started_ = true;
  response_ended_ = end_stream;
  if (upgrade_ && connection_->protocol() == http::Protocol::http2 &&
      headers.get(HeaderId::status) == "200" && headers_.get(HeaderId::method) != "CONNECT") {
    // The tunnel stands: for the streams it is an HTTP/1 upgrade.
    headers.set(HeaderId::status, "101");
    headers.set(HeaderId::upgrade, headers_.get(HeaderId::upgrade));
    headers.set(HeaderId::connection, "upgrade");
  }
  if (pool_.host().state != nullptr) note_response(headers);
  if (filters_ != nullptr) filters_->response_headers(headers, end_stream);
  owner_->on_upstream_headers(headers, end_stream);
}

// Of a call whose first answer is its last, the status that it says counts.
void UpstreamRequest::note_response(const http::HeaderMap& headers) {
  uint64_t code = 0;
  http::parse_decimal(headers.get(HeaderId::status), code);
  std::string_view grpc_status = headers.get(HeaderId::grpc_status);
  if (!grpc_status.empty() && route::is_grpc(headers_))
    code = static_cast<uint64_t>(route::http_status_of_grpc(grpc_status));
  upstream::Host& host = pool_.host();
  host.note_response(static_cast<int>(code));
  if (headers.find(HeaderId::x_envoy_immediate_health_check_fail) != nullptr) host.note_refusal();
}

void UpstreamRequest::on_body(Bytes body, bool end_stream) {
  if (state_ != State::open) return;
  response_ended_ = end_stream;
  owner_->on_upstream_body(body, end_stream);
}

void UpstreamRequest::on_trailers(http::HeaderMap& trailers) {
  if (state_ != State::open) return;
  response_ended_ = true;
  if (filters_ != nullptr) filters_->response_trailers(trailers);
  owner_->on_upstream_trailers(trailers);
}

void UpstreamRequest::on_reset(http::ResetReason reason, std::string_view detail) {
  encoder_ = nullptr;
  bool was_open = state_ == State::open;
  bool http2 = connection_ != nullptr && connection_->protocol() == http::Protocol::http2;
  bool tunnel = pool_.kind() == upstream::PoolKind::tunnel;
  std::string_view transport_reason =
      connection_ == nullptr ? std::string_view() : connection_->transport_failure();
  release();
  if (!was_open) return;
  state_ = State::closed;
  if (response_ended_)
    return;  // the answer is complete: what became of the request's rest does not matter
  UpstreamFailure report;
  // A peer that closes in the middle of a message broke HTTP/1, as Envoy sees it.
  bool cut =
      reason == http::ResetReason::connection_termination && response_started_ && !http2 && !tunnel;
  report.reason = cut ? http::ResetReason::protocol_error : reason;
  report.detail = detail;
  report.transport_reason = transport_reason;
  report.request_started = true;
  report.response_started = response_started_;
  report.reused_connection = reused_;
  report.left_behind = reason == http::ResetReason::remote_refused_stream &&
                       (detail == http2::detail::kLeftBehind || detail == http2::detail::kNotSent);
  if (!report.met_idle_close() && !report.left_behind)
    pool_.host().note_failure(upstream::HostState::Failure::connect);
  owner_->on_upstream_failure(report);
}

void UpstreamRequest::on_write_blocked() {
  if (state_ == State::open) owner_->on_upstream_blocked(true);
}

void UpstreamRequest::on_write_resumed() {
  if (state_ == State::open) owner_->on_upstream_blocked(false);
}

void UpstreamRequest::on_stream_closed() {
  encoder_ = nullptr;
  state_ = State::closed;
  release();
}

void UpstreamRequest::release() {
  if (connection_ == nullptr) return;
  upstream::ClientConnection* connection = connection_;
  connection_ = nullptr;
  connection->release_stream();
}

void UpstreamRequest::give_up(http::ResetReason reason) {
  cancel_wait();
  state_ = State::closed;
  // Complete both ways: the codec is about to say on_stream_closed, and the connection stays
  // usable.
  if (response_ended_ && request_ended_) return;
  if (encoder_ != nullptr) {
    http::StreamEncoder* encoder = encoder_;
    encoder_ = nullptr;
    pool_.cluster().stats().upstream_rq_tx_reset.inc();
    encoder->reset(reason);
  }
  release();
}

}  // namespace outrigger::stream
