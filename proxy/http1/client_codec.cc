#include "proxy/http1/client_codec.h"

namespace outrigger::http1 {
namespace {

using http::FeedResult;
using http::HeaderMap;
using http::ResetReason;

}  // namespace

FeedResult Http1ClientCodec::feed(Bytes bytes) {
  size_t used = 0;
  feeding_ = true;
  while (used < bytes.size()) used += read(bytes.substr(used));
  feeding_ = false;
  if (goaway_due_) {
    goaway_due_ = false;
    events_.on_goaway();
  }
  return result(used);
}

size_t Http1ClientCodec::read(Bytes bytes) {
  switch (reading_) {
    case Reading::idle:
    case Reading::done:
      return refuse_extraneous(bytes);
    case Reading::head:
      return request_started_ ? read_head(bytes) : refuse_extraneous(bytes);
    case Reading::body:
      return read_body(bytes);
    case Reading::trailers:
      return read_trailers(bytes);
    case Reading::tunnel:
      transport_.received(bytes.size());
      handler_->on_body(bytes, false);
      finish_if_done();
      return bytes.size();
    case Reading::nothing:
      return bytes.size();
  }
  return bytes.size();
}

// Octets that answer no request. On an idle connection often a 408 before the server closes: no
// stream's failure. A stream that has not sent anything yet can be sent elsewhere.
size_t Http1ClientCodec::refuse_extraneous(Bytes bytes) {
  close_detail_ = details::kExtraneousData;
  reusable_ = false;
  reading_ = Reading::nothing;
  lose_stream(ResetReason::connection_termination, details::kExtraneousData);
  return bytes.size();
}

size_t Http1ClientCodec::read_head(Bytes bytes) {
  HeadReader::Result part = head_.read(bytes, handler_->arena(), options_.limits.max_bytes);
  transport_.received(part.consumed);
  switch (part.state) {
    case HeadReader::State::incomplete:
      if (!may_begin_response(head_.pending())) fail(kMalformed);
      break;
    case HeadReader::State::bad:
      fail(kMalformed);
      break;
    case HeadReader::State::too_large:
      fail({502, details::kHeadersTooLarge});
      break;
    case HeadReader::State::complete:
      on_head(part.head, part.size, part.consumed < bytes.size());
      break;
  }
  return part.consumed;
}

void Http1ClientCodec::on_head(char* head, size_t size, bool more_follows) {
  Arena& arena = handler_->arena();
  auto* headers = arena.make<HeaderMap>(arena);
  response_ = ResponseHead();
  HeadError error =
      parse_response_head(head, rules(Section::response), request_, *headers, response_);
  transport_.received_fields(response_.facts.octets);
  if (error) return fail(error);
  if (response_.status < 200 && response_.status != 101) return on_informational(*headers, size);
  on_final_head(*headers, more_follows);
}

void Http1ClientCodec::on_informational(HeaderMap& headers, size_t size) {
  // Each of them takes memory of the stream: together they get as much as one head.
  informational_ += size;
  if (informational_ > options_.limits.max_bytes) return fail({502, details::kHeadersTooLarge});
  handler_->on_informational(headers);
}

void Http1ClientCodec::on_final_head(HeaderMap& headers, bool more_follows) {
  if (!response_.keep_alive) not_reusable();
  if (may_tunnel_) decide_tunnel();
  switch (response_.body) {
    case ResponseBody::none:
      end_response(more_follows);
      break;
    case ResponseBody::tunnel:
      reading_ = Reading::tunnel;
      break;
    case ResponseBody::until_close:
      body_in_.start(BodyReader::Kind::until_close, 0);
      reading_ = Reading::body;
      break;
    case ResponseBody::length:
    case ResponseBody::chunked: {
      bool chunked = response_.body == ResponseBody::chunked;
      body_in_.start(chunked ? BodyReader::Kind::chunked : BodyReader::Kind::length,
                     response_.facts.content_length);
      reading_ = Reading::body;
      break;
    }
  }
  handler_->on_headers(headers, response_done_);
  resume_early_sender();
  finish_if_done();
}

// The answer to an upgrade or CONNECT is here.
void Http1ClientCodec::decide_tunnel() {
  may_tunnel_ = false;
  tunnel_ = response_.body == ResponseBody::tunnel;
  if (tunnel_) {
    not_reusable();
    body_out_.start(BodyWriter::Kind::raw, 0);
    if (!early_.empty()) transport_.write(early_);
    if (early_end_) end_request(true);
  } else {
    request_done_ = true;
  }
  early_ = std::string();
}

void Http1ClientCodec::resume_early_sender() {
  if (!early_blocked_) return;
  early_blocked_ = false;
  if (handler_ != nullptr) handler_->on_write_resumed();
}

void Http1ClientCodec::not_reusable() {
  goaway_due_ = goaway_due_ || reusable_;
  reusable_ = false;
}

size_t Http1ClientCodec::read_body(Bytes bytes) {
  BodyReader::Step step = body_in_.next(bytes);
  transport_.received(step.consumed);
  switch (step.event) {
    case BodyReader::Event::need_more:
      break;
    case BodyReader::Event::data:
      handler_->on_body(step.data, false);
      break;
    case BodyReader::Event::end:
      on_body_end(step.data, step.consumed < bytes.size());
      break;
    case BodyReader::Event::trailers:
      reading_ = Reading::trailers;
      break;
    case BodyReader::Event::bad:
      fail(kMalformed);
      return bytes.size();
  }
  return step.consumed;
}

// What follows a complete response was made to be taken for the answer to somebody's next request:
// the connection must be known as unusable before the stream's end lets another one use it.
void Http1ClientCodec::end_response(bool more_follows) {
  reading_ = Reading::done;
  response_done_ = true;
  if (!more_follows) return;
  close_detail_ = details::kExtraneousData;
  reading_ = Reading::nothing;
  not_reusable();
}

void Http1ClientCodec::on_body_end(Bytes last_part, bool more_follows) {
  end_response(more_follows);
  handler_->on_body(last_part, true);
  finish_if_done();
}

size_t Http1ClientCodec::read_trailers(Bytes bytes) {
  HeadReader::Result part = head_.read(bytes, handler_->arena(), options_.limits.max_bytes);
  transport_.received(part.consumed);
  switch (part.state) {
    case HeadReader::State::incomplete:
      break;
    case HeadReader::State::bad:
      fail(kMalformed);
      break;
    case HeadReader::State::too_large:
      fail({502, details::kHeadersTooLarge});
      break;
    case HeadReader::State::complete:
      on_trailer_section(part.head, part.consumed < bytes.size());
      break;
  }
  return part.consumed;
}

void Http1ClientCodec::on_trailer_section(char* section, bool more_follows) {
  Arena& arena = handler_->arena();
  auto* trailers = arena.make<HeaderMap>(arena);
  FieldFacts facts;
  if (HeadError error = parse_fields(section, rules(Section::trailers), *trailers, facts)) {
    return fail(error);
  }
  if (trailers->empty() || !options_.enable_trailers) return on_body_end({}, more_follows);
  end_response(more_follows);
  transport_.received_trailers(facts.octets);
  handler_->on_trailers(*trailers);
  finish_if_done();
}

void Http1ClientCodec::fail(HeadError error) {
  close_detail_ = error.detail;
  reusable_ = false;
  lose_stream(ResetReason::protocol_error, error.detail);
}

FeedResult Http1ClientCodec::feed_eof() {
  bool tunnel = reading_ == Reading::tunnel;
  bool until_close = reading_ == Reading::body && body_in_.is_until_close();
  reusable_ = false;
  if (tunnel || until_close) {
    reading_ = Reading::nothing;
    response_done_ = true;
    feeding_ = true;
    handler_->on_body({}, true);
    feeding_ = false;
    finish_if_done();
    // A request that is still being sent has nobody left to read it; a tunnel may be half-open.
    if (until_close) lose_stream(ResetReason::connection_termination, details::kUpstreamDisconnect);
    return result(0);
  }
  reading_ = Reading::nothing;
  lose_stream(ResetReason::connection_termination, details::kUpstreamDisconnect);
  return result(0);
}

void Http1ClientCodec::on_connection_lost(ResetReason reason, std::string_view detail) {
  reusable_ = false;
  reading_ = Reading::nothing;
  lose_stream(reason, detail);
}

void Http1ClientCodec::lose_stream(ResetReason reason, std::string_view detail) {
  if (handler_ == nullptr) return;
  http::StreamHandler* handler = handler_;
  reset(reason);
  handler->on_reset(reason, detail);
}

void Http1ClientCodec::on_transport_blocked() {
  if (handler_ != nullptr) handler_->on_write_blocked();
}

void Http1ClientCodec::on_transport_resumed() {
  if (handler_ != nullptr) handler_->on_write_resumed();
}

void Http1ClientCodec::finish_stream() {
  http::StreamHandler* handler = handler_;
  handler_ = nullptr;
  transport_.end();
  reading_ = reusable_ ? Reading::idle : Reading::nothing;
  pause_.release();
  // Last: the pool may open the next stream from here.
  handler->on_stream_closed();
}

FeedResult Http1ClientCodec::result(size_t consumed) const {
  if (!finished()) return {consumed, FeedResult::Kind::ok, {}};
  return {consumed, FeedResult::Kind::close, close_detail_};
}

}  // namespace outrigger::http1
