#include "proxy/http2/stream.h"

#include "proxy/http2/details.h"
#include "proxy/http2/session.h"

namespace outrigger::http2 {

using http::HeaderId;
using http::HeaderMap;
using http::ResetReason;

bool Stream::server() const {
  return session_.side() == Side::server;
}

void Stream::attach(http::StreamHandler& handler) {
  handler_ = &handler;
  wire_ = handler.wire_bytes();
  if (wire_ == nullptr) wire_ = &nobody_;
  queue_.use(handler.arena().pool());
}

bool Stream::hand_over(http::StreamHandler& other) {
  if (handler_ == nullptr || !remote_end_ || headers_sent_) return false;
  attach(other);
  if (write_blocked_) other.on_write_blocked();
  return true;
}

void Stream::begin_head() {
  if (handler_ != nullptr) head_.begin(handler_->arena());
}

HeadDecoder::Verdict Stream::add_field(std::string_view name, std::string_view value) {
  if (!head_.started()) return HeadDecoder::Verdict::ok;
  return head_.add(name, value, session_.side(), session_.options().limits, session_.stats());
}

void Stream::end_head(bool end_stream) {
  if (end_stream) remote_end_ = true;
  HeaderMap* map = head_.finish();
  if (handler_ == nullptr || map == nullptr) return;
  wire().decompressed_headers_received += map->byte_size();
  if (final_head_seen_) {
    handler_->on_trailers(*map);
    return;
  }
  if (!server() && map->get(HeaderId::status).starts_with('1')) {
    handler_->on_informational(*map);
    return;
  }
  final_head_seen_ = true;
  handler_->on_headers(*map, end_stream);
}

bool Stream::credits(size_t bytes) {
  if (pauses_ == 0) return true;
  unconsumed_ += bytes;
  return false;
}

void Stream::data(Bytes chunk, bool completes_frame) {
  if (handler_ == nullptr) return;
  if (completes_frame) {
    held_ = chunk;  // the frame's end follows in the same call
    return;
  }
  handler_->on_body(chunk, false);
}

void Stream::end_data_frame(bool end_stream) {
  if (end_stream) remote_end_ = true;
  Bytes chunk = std::exchange(held_, {});
  if (handler_ == nullptr || (chunk.empty() && !end_stream)) return;
  handler_->on_body(chunk, end_stream);
}

void Stream::remote_reset(uint32_t code) {
  remote_rst_ = true;
  remote_rst_no_error_ = code == NGHTTP2_NO_ERROR;
}

void Stream::fail(ResetReason reason, std::string_view detail) {
  if (!detail_.empty()) return;
  fail_reason_ = reason;
  detail_ = detail;
}

void Stream::pause_reading(bool pause) {
  if (pause) {
    ++pauses_;
    return;
  }
  if (pauses_ == 0 || --pauses_ > 0 || unconsumed_ == 0) return;
  nghttp2_session_consume(session_.raw(), id_, take_unconsumed());
  session_.flush();
}

bool Stream::lingers(ResetReason reason) {
  // A complete response whose request still runs: the response is worth delivering, the rest of the
  // request is not.
  if (!server() || reason != ResetReason::local_reset || !local_end_ || end_sent_ || remote_end_)
    return false;
  if (!session_.admit_lingering(queued_bytes())) return false;
  lingering_ = true;
  lingering_bytes_ = queued_bytes();
  return true;
}

void Stream::reset(ResetReason reason) {
  if (handler_ == nullptr) return;
  handler_ = nullptr;
  session_.handler_left();
  if (id_ < 0) {
    session_.forget(*this);
    return;
  }
  nghttp2_session_consume_connection(session_.raw(), take_unconsumed());
  if (!lingers(reason)) {
    drop_output();
    nghttp2_submit_rst_stream(session_.raw(), NGHTTP2_FLAG_NONE, id_,
                              code_of_reset(reason, session_.side(), end_sent_));
  }
  session_.flush();
}

Stream::Ending Stream::end(uint32_t code) {
  ResetReason reason = end_reason(code);
  Ending ending = end(reason, end_detail(reason));
  // RFC 9113, 8.1: a server that has answered may waive the rest of the request with NO_ERROR.
  bool waived = !server() && remote_rst_no_error_;
  ending.clean = remote_end_ && (waived || (end_sent_ && code == NGHTTP2_NO_ERROR));
  return ending;
}

Stream::Ending Stream::end(ResetReason reason, std::string_view detail) {
  drop_output();
  held_ = {};
  session_.end_lingering(std::exchange(lingering_bytes_, 0));
  Ending ending;
  ending.handler = std::exchange(handler_, nullptr);
  if (ending.handler != nullptr) session_.handler_left();
  ending.reason = detail_.empty() ? reason : fail_reason_;
  ending.detail = detail_.empty() ? detail : detail_;
  return ending;
}

ResetReason Stream::end_reason(uint32_t code) const {
  // Not reset by the peer: nghttp2 closes what a GOAWAY left unprocessed as REFUSED_STREAM, and
  // resets what is malformed.
  if (remote_rst_ || code == NGHTTP2_REFUSED_STREAM) return reason_of_code(code);
  return ResetReason::protocol_error;
}

std::string_view Stream::end_detail(ResetReason reason) const {
  if (reason == ResetReason::remote_refused_stream)
    return remote_rst_ ? detail::kRemoteRefused : detail::kLeftBehind;
  return remote_rst_ ? detail::kRemoteReset : detail::kMessagingRule;
}

void Stream::Ending::tell() const {
  if (handler == nullptr) return;
  if (clean) {
    handler->on_stream_closed();
  } else {
    handler->on_reset(reason, detail);
  }
}

}  // namespace outrigger::http2
