// What a Session does with the peer's frames, and what it learns from its own when they leave.
#include "proxy/http2/details.h"
#include "proxy/http2/session.h"

namespace outrigger::http2 {
namespace {

using http::ResetReason;

constexpr size_t kUnknownEnd = ~size_t{
    0};  // with padding behind them, octets do not tell by their number that they are the last

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}
bool is_padded(const nghttp2_frame_hd& head) {
  return (head.flags & NGHTTP2_FLAG_PADDED) != 0 &&
         (head.type == NGHTTP2_DATA || head.type == NGHTTP2_HEADERS);
}

// What a peer can make us send as often as it likes.
bool is_provoked(const nghttp2_frame_hd& head) {
  bool acknowledges = (head.flags & NGHTTP2_FLAG_ACK) != 0;
  return head.type == NGHTTP2_RST_STREAM ||
         (acknowledges && (head.type == NGHTTP2_PING || head.type == NGHTTP2_SETTINGS));
}

}  // namespace

// The callbacks of one frame ask for the same stream again and again.
Stream* Session::find(int32_t stream_id) {
  if (recent_ != nullptr && recent_->id() == stream_id) return recent_;
  recent_ = static_cast<Stream*>(nghttp2_session_get_stream_user_data(raw_, stream_id));
  return recent_;
}

int Session::on_begin_frame(const nghttp2_frame_hd& head) {
  if (head.type == NGHTTP2_DATA) data_frame_left_ = is_padded(head) ? kUnknownEnd : head.length;
  count_inbound(head);
  if (is_padded(head)) return 0;  // counted when the length of the padding is known
  return fail_if(guard_.inbound_frame(head.type, head.flags, head.length));
}

// Heads and bodies, as Envoy counts: other frames of a stream are not.
void Session::count_inbound(const nghttp2_frame_hd& head) {
  size_t octets = head.length + kFrameHead;
  if (head.type == NGHTTP2_HEADERS) {
    frame_octets_ = octets;  // its stream may not be there yet
  } else if (head.type == NGHTTP2_DATA) {
    if (Stream* stream = find(head.stream_id)) stream->wire().received += octets;
  } else if (head.type == NGHTTP2_CONTINUATION) {
    if (Stream* stream = find(head.stream_id)) stream->count_head(octets);
  }
}

void Session::count_outbound(const nghttp2_frame_hd& head) {
  Stream* stream = head.stream_id == 0 ? nullptr : find(head.stream_id);
  if (stream == nullptr) return;
  size_t octets = head.length + kFrameHead;
  stream->wire().sent += octets;
  if (head.type == NGHTTP2_HEADERS) stream->wire().headers_sent += octets;
}

int Session::on_begin_headers(const nghttp2_frame& frame) {
  if (is_padded(frame.hd)) {
    size_t length = frame.hd.length - frame.headers.padlen;
    if (int error = fail_if(guard_.inbound_frame(frame.hd.type, frame.hd.flags, length)))
      return error;
  }
  if (side_ == Side::server && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    Stream& stream = make_stream();
    stream.set_id(frame.hd.stream_id);
    nghttp2_session_set_stream_user_data(raw_, frame.hd.stream_id, &stream);
    http::StreamHandler& handler = server_events_->on_new_stream(stream);
    if (lost_) return 0;
    stream.attach(handler);
    ++active_streams_;
    stream.count_head(frame_octets_);
    stream.begin_head();
    if (transport_blocked_) stream.update_write_state();
    return 0;
  }
  if (side_ == Side::server) stats_.trailers.inc();
  if (Stream* stream = find(frame.hd.stream_id)) {
    stream->count_head(frame_octets_);
    stream->begin_head();
  }
  return 0;
}

int Session::on_header(const nghttp2_frame& frame, std::string_view name, std::string_view value) {
  Stream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) {
    stats_.headers_cb_no_stream.inc();
    return 0;
  }
  switch (stream->add_field(name, value)) {
    case HeadDecoder::Verdict::ok:
      return 0;
    case HeadDecoder::Verdict::too_large:
      stats_.header_overflow.inc();
      stream->fail(ResetReason::remote_reset,
                   detail::kTooManyHeaders);  // "DR" in the access log, as Envoy has it
      break;
    case HeadDecoder::Verdict::underscore:
      stream->fail(ResetReason::remote_reset, detail::kUnexpectedUnderscore);
      break;
  }
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // nghttp2 resets the stream
}

int Session::on_data_chunk(int32_t stream_id, Bytes chunk) {
  bool completes_frame = false;
  if (data_frame_left_ != kUnknownEnd) {
    data_frame_left_ -= chunk.size();
    completes_frame = data_frame_left_ == 0;
  }
  Stream* stream = find(stream_id);
  if (stream == nullptr || !stream->has_handler()) {
    nghttp2_session_consume_connection(raw_, chunk.size());
    return 0;
  }
  if (stream->credits(chunk.size())) nghttp2_session_consume(raw_, stream_id, chunk.size());
  stream->data(chunk, completes_frame);
  return 0;
}

int Session::on_frame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (Stream* stream = find(frame.hd.stream_id)) stream->end_head(ends_stream(frame));
      return 0;
    case NGHTTP2_DATA:
      if (is_padded(frame.hd)) {
        size_t length = frame.hd.length - frame.data.padlen;
        if (int error = fail_if(guard_.inbound_frame(frame.hd.type, frame.hd.flags, length)))
          return error;
      }
      if (Stream* stream = find(frame.hd.stream_id)) stream->end_data_frame(ends_stream(frame));
      return 0;
    case NGHTTP2_RST_STREAM:
      stats_.rx_reset.inc();
      if (Stream* stream = find(frame.hd.stream_id))
        stream->remote_reset(frame.rst_stream.error_code);
      return 0;
    case NGHTTP2_GOAWAY:
      if (!goaway_received_) {
        goaway_received_ = true;
        events_.on_goaway();
      }
      return 0;
    case NGHTTP2_PING:
      if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) ping_outstanding_ = false;
      return 0;
    default:
      return 0;
  }
}

int Session::on_invalid_frame(const nghttp2_frame& frame, int error) {
  switch (error) {
    case NGHTTP2_ERR_REFUSED_STREAM:
      stats_.stream_refused_errors.inc();
      return 0;
    case NGHTTP2_ERR_HTTP_HEADER:
    case NGHTTP2_ERR_HTTP_MESSAGING: {
      stats_.rx_messaging_error.inc();
      std::string_view detail =
          error == NGHTTP2_ERR_HTTP_HEADER ? detail::kInvalidHeaderField : detail::kMessagingRule;
      if (Stream* stream = find(frame.hd.stream_id))
        stream->fail(ResetReason::protocol_error, detail);
      if (options_.override_stream_error_on_invalid_http_message)
        return 0;  // nghttp2 resets the stream
      fail(detail, NGHTTP2_PROTOCOL_ERROR);
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    default:
      return 0;  // nghttp2 resets the stream or sends a GOAWAY, as RFC 9113 says
  }
}

int Session::on_stream_close(int32_t stream_id, uint32_t code) {
  Stream* stream = find(stream_id);
  if (stream == nullptr) return 0;
  if (side_ == Side::server) {
    std::string_view flood = guard_.stream_closed(stream->premature_reset());
    if (!flood.empty()) fail(flood, NGHTTP2_ENHANCE_YOUR_CALM);
  } else {
    --streams_on_wire_;
  }
  if (size_t bytes = stream->take_unconsumed()) nghttp2_session_consume_connection(raw_, bytes);
  Stream::Ending ending = stream->end(code);
  remove(*stream);
  ending.tell();
  return 0;
}

int Session::on_frame_sent(const nghttp2_frame& frame) {
  guard_.outbound_frame(is_provoked(frame.hd));
  count_outbound(frame.hd);
  switch (frame.hd.type) {
    case NGHTTP2_DATA:
      guard_.outbound_data_frame();
      if (Stream* stream = std::exchange(data_stream_, nullptr))
        stream->data_frame_sent(ends_stream(frame));
      return 0;
    case NGHTTP2_HEADERS:
      if (!ends_stream(frame)) return 0;
      if (Stream* stream = find(frame.hd.stream_id)) stream->end_sent();
      return 0;
    case NGHTTP2_RST_STREAM:
      stats_.tx_reset.inc();
      return 0;
    case NGHTTP2_GOAWAY:
      // One of nghttp2's own: it has found a connection error.
      if (frame.goaway.error_code != NGHTTP2_NO_ERROR && failure_.empty())
        failure_ = detail_of_code(frame.goaway.error_code);
      return 0;
    default:
      return 0;
  }
}

int Session::on_frame_not_sent(const nghttp2_frame& frame) {
  // Nobody would ever end the stream whose head or trailers did not go out. (A request's stream
  // nghttp2 closes itself.)
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat != NGHTTP2_HCAT_REQUEST) {
    if (Stream* stream = find(frame.hd.stream_id))
      stream->fail(ResetReason::local_reset, detail::kNotSent);
    nghttp2_submit_rst_stream(raw_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_INTERNAL_ERROR);
  }
  return 0;
}

}  // namespace outrigger::http2
