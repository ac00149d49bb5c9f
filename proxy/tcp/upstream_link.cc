#include "proxy/tcp/upstream_link.h"

#include <utility>

#include "proxy/tcp/reset_on_close.h"

namespace outrigger::tcp {
namespace {

bool is_success(const http::HeaderMap& headers) {
  std::string_view status = headers.get(http::HeaderId::status);
  return status.size() == 3 && status.front() == '2';
}

}  // namespace

void UpstreamLink::start(upstream::ConnPool& pool, const http::HeaderMap* tunnel_head) {
  state_ = State::waiting;
  tunnel_head_ = tunnel_head;
  paused_ = false;
  pool.request_stream(*this, false);
}

void UpstreamLink::on_pool_ready(upstream::ClientConnection& connection) {
  connection_ = &connection;
  owner_.on_upstream_connection(connection);
  state_ = State::asking;
  encoder_ = &connection.open_stream(*this);
  if (tunnel_head_ != nullptr) {
    encoder_->send_headers(*tunnel_head_, false);
    return;
  }
  // A connection of octets answers this at once, from inside the call, and nobody keeps the answer:
  // an idle connection holds no memory for it.
  Arena scratch(owner_.arena().pool());
  scratch_ = &scratch;
  http::HeaderMap head(scratch);
  encoder_->send_headers(head, false);
  scratch_ = nullptr;
}

void UpstreamLink::on_pool_failure(upstream::PoolFailure failure, std::string_view detail) {
  state_ = State::idle;
  owner_.on_upstream_failed(failure, detail);
}

void UpstreamLink::on_headers(http::HeaderMap& headers, bool end_stream) {
  if (state_ != State::asking) return;
  bool tunnel = std::exchange(tunnel_head_, nullptr) != nullptr;
  if (tunnel && (!is_success(headers) || end_stream)) {
    give_up(false);
    owner_.on_upstream_failed(upstream::PoolFailure::connection_failure,
                              "the upstream refused the CONNECT");
    return;
  }
  state_ = State::open;
  owner_.on_upstream_ready(tunnel ? &headers : nullptr);
}

void UpstreamLink::on_body(Bytes body, bool end_stream) {
  if (state_ == State::open) owner_.on_upstream_data(body, end_stream);
}

void UpstreamLink::on_trailers(http::HeaderMap& trailers) {
  if (state_ == State::open) owner_.on_upstream_trailers(trailers);
}

void UpstreamLink::on_reset(http::ResetReason reason, std::string_view detail) {
  encoder_ = nullptr;
  State was = std::exchange(state_, State::idle);
  release(false);
  if (was == State::asking) {
    owner_.on_upstream_failed(upstream::PoolFailure::connection_failure, detail);
  } else if (was == State::open) {
    owner_.on_upstream_cut(reason, detail);
  }
}

void UpstreamLink::on_stream_closed() {
  encoder_ = nullptr;
  state_ = State::idle;
  release(true);
  owner_.on_upstream_done();
}

void UpstreamLink::send(Bytes bytes, bool end_stream) {
  if (state_ == State::open && encoder_ != nullptr) encoder_->send_body(bytes, end_stream);
}

void UpstreamLink::pause(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  if (encoder_ != nullptr) encoder_->pause_reading(pause);
}

void UpstreamLink::release(bool complete) {
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->release_stream(complete);
}

void UpstreamLink::give_up(bool reset) {
  cancel_wait();
  state_ = State::idle;
  tunnel_head_ = nullptr;
  if (encoder_ != nullptr) {
    bool own = connection_->pool().kind() == upstream::PoolKind::tunnel;
    if (reset && own) reset_on_close(connection_->transport());
    std::exchange(encoder_, nullptr)->reset(http::ResetReason::local_reset);
  }
  release(false);
}

}  // namespace outrigger::tcp
