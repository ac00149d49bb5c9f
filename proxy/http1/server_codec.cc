#include "proxy/http1/server_codec.h"

namespace outrigger::http1 {
namespace {

using http::FeedResult;
using http::HeaderMap;
using http::ResetReason;

// Clients that end a body with a line break too many are forgiven a few; more is no HTTP.
constexpr uint8_t kMaxEmptyLines = 4;

}  // namespace

FeedResult Http1ServerCodec::feed(Bytes bytes) {
  size_t used = 0;
  feeding_ = true;
  while (used < bytes.size() && !must_hold()) used += read(bytes.substr(used));
  feeding_ = false;
  if (used < bytes.size()) pause_.hold(true);
  return result(used);
}

size_t Http1ServerCodec::read(Bytes bytes) {
  switch (reading_) {
    case Reading::between:
      return read_between(bytes);
    case Reading::head:
      return read_head(bytes);
    case Reading::body:
      return read_body(bytes);
    case Reading::trailers:
      return read_trailers(bytes);
    case Reading::tunnel:
      transport_.received(bytes.size());
      handler_->on_body(bytes, false);
      finish_if_done();
      return bytes.size();
    case Reading::hold:
      return 0;
    case Reading::nothing:
      return bytes.size();
  }
  return bytes.size();
}

size_t Http1ServerCodec::read_between(Bytes bytes) {
  if (bytes.front() == (in_empty_line_ ? '\n' : '\r') && empty_lines_ < kMaxEmptyLines) {
    if (in_empty_line_) ++empty_lines_;
    in_empty_line_ = !in_empty_line_;
    return 1;
  }
  bool bare_return = in_empty_line_;
  begin_stream();
  if (reading_ != Reading::head) return bytes.size();
  if (!bare_return) return read_head(bytes);
  fail(kMalformed);
  return bytes.size();
}

void Http1ServerCodec::begin_stream() {
  request_ = RequestHead();
  start_line_ = StartLineCheck();
  request_done_ = response_started_ = response_done_ = may_tunnel_ = tunnel_ = false;
  keep_alive_ = true;
  empty_lines_ = 0;
  in_empty_line_ = false;
  open_ = true;
  reading_ = Reading::head;
  http::StreamHandler& handler = events_.on_new_stream(*this);
  if (!open_) return;  // given up at once
  handler_ = &handler;
  transport_.begin(handler.wire_bytes());
  if (blocked_) handler_->on_write_blocked();
}

bool Http1ServerCodec::hand_over(http::StreamHandler& next) {
  if (handler_ == nullptr || !request_done_ || response_started_) return false;
  handler_ = &next;
  transport_.begin(next.wire_bytes());
  if (blocked_) next.on_write_blocked();
  return true;
}

size_t Http1ServerCodec::read_head(Bytes bytes) {
  HeadReader::Result part = head_.read(bytes, handler_->arena(), options_.limits.max_bytes);
  transport_.received(part.consumed);
  switch (part.state) {
    case HeadReader::State::incomplete:
      if (HeadError error = start_line_.feed(bytes)) fail(error);
      break;
    case HeadReader::State::bad:
      fail(kMalformed);
      break;
    case HeadReader::State::too_large:
      fail({431, details::kHeadersTooLarge});
      break;
    case HeadReader::State::complete:
      on_head(part.head);
      break;
  }
  return part.consumed;
}

void Http1ServerCodec::on_head(char* head) {
  Arena& arena = handler_->arena();
  auto* headers = arena.make<HeaderMap>(arena);
  HeadError error = parse_request_head(head, rules(Section::request), *headers, request_);
  transport_.received_fields(request_.facts.octets);
  if (error) return fail(error);
  keep_alive_ = request_.keep_alive;
  may_tunnel_ = request_.is_connect || request_.upgrade;
  if (request_.body != RequestBody::none) {
    bool chunked = request_.body == RequestBody::chunked;
    body_in_.start(chunked ? BodyReader::Kind::chunked : BodyReader::Kind::length,
                   request_.facts.content_length);
    reading_ = Reading::body;
  } else {
    end_request();
  }
  handler_->on_headers(*headers, request_done_);
  finish_if_done();
}

// The request's last octet was read. What may become a tunnel does not end here.
void Http1ServerCodec::end_request() {
  reading_ = tunnel_ ? Reading::tunnel : Reading::hold;
  request_done_ = !may_tunnel_ && !tunnel_;
}

size_t Http1ServerCodec::read_body(Bytes bytes) {
  BodyReader::Step step = body_in_.next(bytes);
  transport_.received(step.consumed);
  switch (step.event) {
    case BodyReader::Event::need_more:
      break;
    case BodyReader::Event::data:
      handler_->on_body(step.data, false);
      finish_if_done();
      break;
    case BodyReader::Event::end:
      on_body_end(step.data);
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

void Http1ServerCodec::on_body_end(Bytes last_part) {
  end_request();
  handler_->on_body(last_part, request_done_);
  finish_if_done();
}

size_t Http1ServerCodec::read_trailers(Bytes bytes) {
  HeadReader::Result part = head_.read(bytes, handler_->arena(), options_.limits.max_bytes);
  transport_.received(part.consumed);
  switch (part.state) {
    case HeadReader::State::incomplete:
      break;
    case HeadReader::State::bad:
      fail(kMalformed);
      break;
    case HeadReader::State::too_large:
      fail({431, details::kHeadersTooLarge});
      break;
    case HeadReader::State::complete:
      on_trailer_section(part.head);
      break;
  }
  return part.consumed;
}

void Http1ServerCodec::on_trailer_section(char* section) {
  Arena& arena = handler_->arena();
  auto* trailers = arena.make<HeaderMap>(arena);
  FieldFacts facts;
  if (HeadError error = parse_fields(section, rules(Section::trailers), *trailers, facts)) {
    return fail(error);
  }
  if (trailers->empty() || !options_.enable_trailers || may_tunnel_ || tunnel_) {
    return on_body_end({});
  }
  end_request();
  transport_.received_trailers(facts.octets);
  handler_->on_trailers(*trailers);
  finish_if_done();
}

// Nothing of what the client sends can be understood from here on.
void Http1ServerCodec::fail(HeadError error) {
  head_.reset();
  may_tunnel_ = false;
  bool stays = options_.override_stream_error_on_invalid_http_message &&
               error.detail == details::kMissingHost && request_.body == RequestBody::none;
  keep_alive_ = stays && request_.keep_alive;
  reading_ = stays ? Reading::hold : Reading::nothing;
  request_done_ = true;
  close_detail_ = error.detail;
  if (response_started_) return lose_stream(ResetReason::protocol_error, error.detail);
  handler_->on_protocol_error(error.status, error.detail);
  finish_if_done();
}

FeedResult Http1ServerCodec::feed_eof() {
  if (reading_ == Reading::tunnel) {
    reading_ = Reading::nothing;
    request_done_ = true;
    feeding_ = true;
    handler_->on_body({}, true);
    feeding_ = false;
    finish_if_done();
    return result(0);
  }
  // A half-close before the response counts as a departure, as Envoy has it.
  lose_stream(ResetReason::connection_termination, details::kDownstreamDisconnect);
  reading_ = Reading::nothing;
  return result(0);
}

void Http1ServerCodec::on_connection_lost(ResetReason reason, std::string_view detail) {
  lose_stream(reason, detail);
  reading_ = Reading::nothing;
}

void Http1ServerCodec::lose_stream(ResetReason reason, std::string_view detail) {
  if (handler_ == nullptr) return;
  http::StreamHandler* handler = handler_;
  reset(reason);
  handler->on_reset(reason, detail);
}

void Http1ServerCodec::on_transport_blocked() {
  blocked_ = true;
  if (handler_ != nullptr) handler_->on_write_blocked();
}

void Http1ServerCodec::on_transport_resumed() {
  blocked_ = false;
  if (handler_ != nullptr) {
    handler_->on_write_resumed();
  } else if (reading_ == Reading::between) {
    pause_.hold(false);
  }
}

void Http1ServerCodec::finish_stream() {
  http::StreamHandler* handler = handler_;
  open_ = false;
  handler_ = nullptr;
  transport_.end();
  reading_ = keep_alive_ && !tunnel_ ? Reading::between : Reading::nothing;
  handler->on_stream_closed();
  // Last: the connection may take this as the word to feed what it kept.
  pause_.release();
}

bool Http1ServerCodec::finished() const {
  if (broken_) return true;
  if (open_) return false;
  return reading_ == Reading::nothing || (drained_ && reading_ == Reading::between);
}

FeedResult Http1ServerCodec::result(size_t consumed) const {
  if (!finished()) return {consumed, FeedResult::Kind::ok, {}};
  return {consumed, FeedResult::Kind::close, close_detail_};
}

}  // namespace outrigger::http1
