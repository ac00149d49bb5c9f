#include "proxy/upstream/tunnel_codec.h"

namespace outrigger::upstream {

using http::FeedResult;

http::StreamEncoder& TunnelCodec::open_stream(http::StreamHandler& handler) {
  used_ = true;
  handler_ = &handler;
  return *this;
}

void TunnelCodec::send_headers(const http::HeaderMap&, bool end_stream) {
  if (handler_ == nullptr) return;
  Arena& arena = handler_->arena();
  auto* answer = arena.make<http::HeaderMap>(arena);
  answer->add(http::HeaderId::status, "200");
  handler_->on_headers(*answer, false);
  if (end_stream) send_body({}, true);
}

void TunnelCodec::send_body(Bytes body, bool end_stream) {
  if (handler_ == nullptr || sent_end_) return;
  if (!body.empty()) transport_.write(body);
  if (!end_stream) return;
  sent_end_ = true;
  transport_.shutdown_write();
  finish_if_done();
}

FeedResult TunnelCodec::feed(Bytes bytes) {
  // Without a stream nobody would ever see the beginning of what the peer says.
  used_ = true;
  if (handler_ != nullptr) handler_->on_body(bytes, false);
  if (finished()) return {bytes.size(), FeedResult::Kind::close, {}};
  return {bytes.size(), FeedResult::Kind::ok, {}};
}

FeedResult TunnelCodec::feed_eof() {
  used_ = true;
  if (handler_ != nullptr && !received_end_) {
    received_end_ = true;
    handler_->on_body({}, true);
    finish_if_done();
  }
  return {};
}

void TunnelCodec::finish_if_done() {
  if (handler_ == nullptr || !sent_end_ || !received_end_) return;
  http::StreamHandler* handler = handler_;
  handler_ = nullptr;
  pause_.release();
  handler->on_stream_closed();
}

void TunnelCodec::reset(http::ResetReason) {
  handler_ = nullptr;
  pause_.release();
}

void TunnelCodec::on_connection_lost(http::ResetReason reason, std::string_view detail) {
  used_ = true;
  if (handler_ == nullptr) return;
  http::StreamHandler* handler = handler_;
  reset(reason);
  handler->on_reset(reason, detail);
}

void TunnelCodec::on_transport_blocked() {
  if (handler_ != nullptr) handler_->on_write_blocked();
}

void TunnelCodec::on_transport_resumed() {
  if (handler_ != nullptr) handler_->on_write_resumed();
}

}  // namespace outrigger::upstream
