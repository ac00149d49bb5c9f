// The sending half of Stream: heads, bodies and trailers to nghttp2, and DATA frames from nghttp2
// to the transport.
#include <algorithm>
#include <cstring>

#include "proxy/http2/callbacks.h"
#include "proxy/http2/details.h"
#include "proxy/http2/session.h"
#include "proxy/http2/stream.h"

namespace outrigger::http2 {
namespace {

using http::HeaderMap;
using http::ResetReason;
using Kind = HeadEncoder::Kind;

// A DATA frame up to this size is written as one piece: copying it costs less than a second entry
// in a gather list.
constexpr size_t kCoalesce = 2048;

uint8_t end_flag(bool end_stream) {
  return end_stream ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE;
}

}  // namespace

void Stream::send_informational(const HeaderMap& headers) {
  if (!usable() || !server() || headers_sent_) return;
  auto fields = session_.encoder().encode(headers, Kind::response, session_.sends_now(false));
  wire().decompressed_headers_sent += headers.byte_size();
  nghttp2_submit_headers(session_.raw(), NGHTTP2_FLAG_NONE, id_, nullptr, fields.data(),
                         fields.size(), nullptr);
  session_.flush();
}

void Stream::send_headers(const HeaderMap& headers, bool end_stream) {
  if (!usable() || headers_sent_) return;
  headers_sent_ = true;
  local_end_ = end_stream;
  end_submitted_ = end_stream;
  if (server()) {
    submit_head(headers, end_stream);
  } else {
    submit_request(headers, end_stream);
  }
}

void Stream::submit_head(const HeaderMap& headers, bool end_stream) {
  auto fields = session_.encoder().encode(headers, Kind::response, session_.sends_now(false));
  wire().decompressed_headers_sent += headers.byte_size();
  nghttp2_submit_headers(session_.raw(), end_flag(end_stream), id_, nullptr, fields.data(),
                         fields.size(), nullptr);
  Session& session = session_;
  update_write_state();
  session.flush();
}

void Stream::submit_request(const HeaderMap& headers, bool end_stream) {
  auto fields = session_.encoder().encode(headers, Kind::request, session_.sends_now(true));
  wire().decompressed_headers_sent += headers.byte_size();
  int32_t id = nghttp2_submit_headers(session_.raw(), end_flag(end_stream), -1, nullptr,
                                      fields.data(), fields.size(), this);
  if (id < 0) {  // no stream id is left, or the session is closing
    Ending ending = end(ResetReason::remote_refused_stream, detail::kNotSent);
    session_.forget(*this);
    ending.tell();
    return;
  }
  id_ = id;
  Session& session = session_;
  session.request_submitted();
  update_write_state();
  session.flush();
}

void Stream::send_body(Bytes body, bool end_stream) {
  if (!usable() || !headers_sent_ || (body.empty() && !end_stream)) return;
  local_end_ = end_stream;
  if (!data_attached_ && !session_.is_transport_blocked() && session_.sends_now(false)) {
    lend_body(body);
    return;
  }
  enqueue(body);
  // Whatever keeps it from leaving now sends it later: a WINDOW_UPDATE, the transport, the end of
  // feed() or of the send that is running.
  if (!data_attached_) submit_data();
  update_write_state();
}

// The common case: nghttp2 sends the caller's octets within this call, as far as flow control
// admits them.
void Stream::lend_body(Bytes body) {
  borrowed_ = body;
  session_.lend(*this);
  submit_data();
  Session& session = session_;
  session.flush();
  if (!session.lender_lives(*this)) return;
  session.end_lending();
  if (!borrowed_.empty()) enqueue({});
  update_write_state();
}

void Stream::submit_data() {
  nghttp2_data_provider provider = data_provider(*this);
  data_attached_ =
      nghttp2_submit_data(session_.raw(), NGHTTP2_FLAG_END_STREAM, id_, &provider) == 0;
}

void Stream::enqueue(Bytes body) {
  size_t before = queue_.size();
  queue_.append(std::exchange(borrowed_, {}));
  queue_.append(body);
  session_.stats().pending_send_bytes.add(static_cast<int64_t>(queue_.size() - before));
}

void Stream::drop_output() {
  session_.stats().pending_send_bytes.add(-static_cast<int64_t>(queue_.size()));
  queue_.clear();
  borrowed_ = {};
  waiting_trailers_.reset();
}

void Stream::send_trailers(const HeaderMap& trailers) {
  if (!usable() || !headers_sent_) return;
  auto fields = session_.encoder().encode(trailers, Kind::trailers, false);
  if (fields.empty()) {
    send_body({}, true);
    return;
  }
  local_end_ = true;
  if (data_attached_ && !data_drained_) {
    waiting_trailers_ = std::make_unique<WaitingTrailers>(handler_->arena().pool());
    waiting_trailers_->map.copy_from(trailers);
    return;
  }
  submit_trailers(trailers, session_.sends_now(false));
  session_.flush();
}

void Stream::submit_trailers(const HeaderMap& trailers, bool borrow) {
  auto fields = session_.encoder().encode(trailers, Kind::trailers, borrow);
  wire().decompressed_headers_sent += trailers.byte_size();
  end_submitted_ = true;
  nghttp2_submit_headers(session_.raw(), NGHTTP2_FLAG_END_STREAM, id_, nullptr, fields.data(),
                         fields.size(), nullptr);
}

ssize_t Stream::read_data(size_t room, uint32_t& flags) {
  // Tried again by the next send; frames that are not DATA overtake it.
  if (session_.is_transport_blocked()) return NGHTTP2_ERR_PAUSE;
  session_.on_data_source(*this);
  size_t ready = queued_bytes();
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (ready > room) return static_cast<ssize_t>(room);
  data_drained_ = true;
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (waiting_trailers_ != nullptr) {
    submit_trailers(waiting_trailers_->map, false);
    waiting_trailers_.reset();
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  } else if (local_end_) {
    end_submitted_ = true;
  } else {
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  }
  return static_cast<ssize_t>(ready);
}

Bytes Stream::next_part(size_t most) const {
  return (queue_.empty() ? borrowed_ : queue_.front()).substr(0, most);
}

void Stream::popped(size_t bytes) {
  if (queue_.empty()) {
    borrowed_.remove_prefix(bytes);
    return;
  }
  queue_.pop(bytes);
  session_.stats().pending_send_bytes.add(-static_cast<int64_t>(bytes));
}

void Stream::write_data(const uint8_t* frame_head, size_t length) {
  http::CodecTransport& transport = session_.transport();
  if (length <= kCoalesce) {
    char* to = transport.reserve(kFrameHead + length);
    std::memcpy(to, frame_head, kFrameHead);
    char* at = to + kFrameHead;
    for (size_t left = length; left > 0;) {
      Bytes part = next_part(left);
      std::memcpy(at, part.data(), part.size());
      at += part.size();
      left -= part.size();
      popped(part.size());
    }
    transport.commit(kFrameHead + length);
    return;
  }
  // The transport may tell within write() that it is full, or that it is gone: then this stream may
  // be gone too.
  Session& session = session_;
  transport.write({reinterpret_cast<const char*>(frame_head), kFrameHead});
  while (length > 0 && !session.dead()) {
    Bytes part = next_part(length);
    bool queued = !queue_.empty();
    length -= part.size();
    if (!queued)
      popped(part.size());  // before write(): inside it, what is left may move into the queue
    transport.write(part);
    if (queued && !session.dead()) popped(part.size());
  }
}

void Stream::data_frame_sent(bool end_stream) {
  if (data_drained_) {
    data_attached_ = false;
    data_drained_ = false;
    // Said by the handler while the last frame of this item was being written.
    if (!queue_.empty() || (local_end_ && !end_submitted_)) submit_data();
  }
  if (end_stream) end_sent();
  update_write_state();
}

void Stream::end_sent() {
  end_sent_ = true;
  if (lingering_ && !remote_end_)
    nghttp2_submit_rst_stream(session_.raw(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_NO_ERROR);
}

void Stream::update_write_state() {
  if (handler_ == nullptr) return;
  size_t high =
      std::min<size_t>(kQueueHighWatermark, session_.options().initial_stream_window_size);
  size_t mark = write_blocked_ ? high / 2 : high;
  bool blocked = session_.is_transport_blocked() || queue_.size() > mark;
  if (blocked == write_blocked_) return;
  write_blocked_ = blocked;
  if (blocked) {
    handler_->on_write_blocked();
  } else {
    handler_->on_write_resumed();
  }
}

}  // namespace outrigger::http2
