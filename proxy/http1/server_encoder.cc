// Http1ServerCodec's encoder side: responses out.
#include "proxy/http1/server_codec.h"

namespace outrigger::http1 {
namespace {

using http::HeaderId;
using http::HeaderMap;

// Of a map that a stream made: a status that is no number would be its mistake, not the peer's.
int status_of(const HeaderMap& headers) {
  uint64_t status = 0;
  bool valid = http::parse_decimal(headers.get(HeaderId::status), status);
  return valid && status >= 100 && status <= 999 ? static_cast<int>(status) : 500;
}

}  // namespace

void Http1ServerCodec::send_informational(const HeaderMap& headers) {
  if (!open_ || response_started_ || request_.http10) return;  // 1.0 has none
  transport_.sent_fields(write_response_head(transport_, headers, status_of(headers), false, {},
                                             options_.header_case));
}

void Http1ServerCodec::send_headers(const HeaderMap& headers, bool end_stream) {
  if (!open_ || response_started_) return;
  int status = status_of(headers);
  if (status < 200 && status != 101) return send_informational(headers);
  response_started_ = true;
  bool tunnel = may_tunnel_ && (request_.is_connect ? status / 100 == 2 : status == 101);
  if (may_tunnel_ && !tunnel) {
    may_tunnel_ = false;
    request_done_ = reading_ == Reading::hold;
  }
  HeadFraming framing{LengthField::none, ConnectionField::none};
  if (!tunnel) {
    framing = frame_response(headers, status, end_stream);
  } else if (!request_.is_connect) {
    framing.connection = ConnectionField::upgrade;
  }
  bool http10 = request_.http10 && options_.accept_http_10;
  transport_.sent_fields(
      write_response_head(transport_, headers, status, http10, framing, options_.header_case));
  if (tunnel) begin_tunnel();
  if (end_stream) end_response(body_out_.write(transport_, {}, true));
}

HeadFraming Http1ServerCodec::frame_response(const HeaderMap& headers, int status,
                                             bool end_stream) {
  HeadFraming framing;
  uint64_t length = 0;
  bool has_length = http::parse_decimal(headers.get(HeaderId::content_length), length);
  bool no_length = status < 200 || status == 204;  // may not even announce one
  bool no_body = request_.is_head || no_length || status == 304;
  bool until_close = false;
  body_out_.start(BodyWriter::Kind::none, 0);
  if (no_length || (status == 304 && !has_length)) {
    framing.length = LengthField::none;
  } else if (has_length) {
    framing.length = LengthField::from_map;
    if (!no_body) body_out_.start(BodyWriter::Kind::length, length);
  } else if (end_stream && !request_.is_head) {
    framing.length = LengthField::zero;
  } else if (request_.http10) {
    until_close = !no_body;
    if (until_close) body_out_.start(BodyWriter::Kind::raw, 0);
  } else {
    framing.length = LengthField::chunked;  // to HEAD: what GET would have
    if (!no_body) body_out_.start(BodyWriter::Kind::chunked, 0);
  }
  if (until_close) keep_alive_ = false;
  framing.connection = decide_connection(headers);
  return framing;
}

ConnectionField Http1ServerCodec::decide_connection(const HeaderMap& headers) {
  if (draining_ || !request_done_) keep_alive_ = false;
  if (const http::HeaderField* field = headers.find(HeaderId::connection)) {
    if (http::has_token(field->value, "close")) keep_alive_ = false;
  }
  if (!keep_alive_) return ConnectionField::close;
  return request_.http10 ? ConnectionField::keep_alive : ConnectionField::none;
}

void Http1ServerCodec::begin_tunnel() {
  may_tunnel_ = false;
  tunnel_ = true;
  keep_alive_ = false;
  body_out_.start(BodyWriter::Kind::raw, 0);
  if (reading_ != Reading::hold) return;  // the request's body first
  reading_ = Reading::tunnel;
  if (!feeding_) pause_.hold(false);
}

void Http1ServerCodec::send_body(Bytes body, bool end_stream) {
  if (!open_ || !response_started_ || response_done_) return;
  bool fits = body_out_.write(transport_, body, end_stream);
  if (end_stream || !fits) end_response(fits);
}

void Http1ServerCodec::send_trailers(const HeaderMap& trailers) {
  if (!open_ || !response_started_ || response_done_) return;
  end_response(body_out_.write_trailers(transport_, trailers, options_));
}

// `complete` false: not what was announced. The client must not take the next octets for the rest
// of this body.
void Http1ServerCodec::end_response(bool complete) {
  response_done_ = true;
  if (!complete) {
    broken_ = true;
    reading_ = Reading::nothing;
    close_detail_ = details::kLengthMismatch;
    return;
  }
  if (tunnel_) transport_.shutdown_write();
  if (!feeding_) finish_if_done();
}

void Http1ServerCodec::reset(http::ResetReason) {
  if (!open_) return;
  open_ = false;
  handler_ = nullptr;
  transport_.end();
  reading_ = Reading::nothing;
  head_.reset();
  pause_.release();
}

}  // namespace outrigger::http1
