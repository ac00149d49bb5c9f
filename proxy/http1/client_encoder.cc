// Http1ClientCodec's encoder side: requests out.
#include "proxy/http1/chars.h"
#include "proxy/http1/client_codec.h"

namespace outrigger::http1 {
namespace {

using http::HeaderId;
using http::HeaderMap;

// Without a body these do not say "content-length: 0": no reader expects one of them (RFC
// 9110, 8.6).
bool expects_no_body(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "DELETE" || method == "TRACE" ||
         method == "CONNECT";
}

bool is_upgrade(const HeaderMap& headers) {
  return headers.has(HeaderId::upgrade) &&
         http::has_token(headers.get(HeaderId::connection), "upgrade");
}

}  // namespace

http::StreamEncoder& Http1ClientCodec::open_stream(http::StreamHandler& handler) {
  handler_ = &handler;
  transport_.begin(handler.wire_bytes());
  reading_ = Reading::head;
  request_ = RequestKind();
  response_ = ResponseHead();
  early_end_ = early_blocked_ = false;
  request_started_ = request_done_ = response_done_ = may_tunnel_ = tunnel_ = false;
  informational_ = 0;
  return *this;
}

// Empty: the map does not make a request line. A rewrite may have put into a path what would end
// the line.
std::string_view Http1ClientCodec::target_of(const HeaderMap& headers) {
  std::string_view authority = headers.get(HeaderId::authority);
  std::string_view target = request_.is_connect ? authority : headers.get(HeaderId::path);
  if (options_.send_fully_qualified_url && !request_.is_connect) {
    std::string_view scheme = headers.get(HeaderId::scheme);
    target = handler_->arena().concat(scheme.empty() ? "http" : scheme, "://", authority, target);
  }
  return is_all_target(target) ? target : std::string_view();
}

void Http1ClientCodec::send_headers(const HeaderMap& headers, bool end_stream) {
  if (handler_ == nullptr || request_started_) return;
  request_started_ = true;
  std::string_view method = headers.get(HeaderId::method);
  request_.is_head = method == "HEAD";
  request_.is_connect = method == "CONNECT";
  request_.upgrade = !request_.is_connect && is_upgrade(headers);
  std::string_view target = target_of(headers);
  if (target.empty() || method.empty() || !all_in(method, kToken)) {
    close_detail_ = details::kInvalidUrl;
    return end_request(false);
  }
  HeadFraming framing = frame_request(headers, method, end_stream);
  transport_.sent_fields(
      write_request_head(transport_, headers, method, target, framing, options_.header_case));
  if (end_stream) end_request(body_out_.write(transport_, {}, true));
}

HeadFraming Http1ClientCodec::frame_request(const HeaderMap& headers, std::string_view method,
                                            bool end_stream) {
  HeadFraming framing;
  uint64_t length = 0;
  bool has_length = http::parse_decimal(headers.get(HeaderId::content_length), length);
  body_out_.start(BodyWriter::Kind::none, 0);
  may_tunnel_ = request_.is_connect || request_.upgrade;
  if (has_length && !request_.is_connect) {
    framing.length = LengthField::from_map;
    body_out_.start(BodyWriter::Kind::length, length);
  } else if (may_tunnel_) {
    framing.length = LengthField::none;
  } else if (!end_stream) {
    framing.length = LengthField::chunked;
    body_out_.start(BodyWriter::Kind::chunked, 0);
  } else if (!expects_no_body(method)) {
    framing.length = LengthField::zero;
  }
  if (request_.upgrade) {
    framing.connection = ConnectionField::upgrade;
  } else if (http::has_token(headers.get(HeaderId::connection), "close")) {
    framing.connection = ConnectionField::close;
    reusable_ = false;
  }
  return framing;
}

void Http1ClientCodec::send_body(Bytes body, bool end_stream) {
  if (handler_ == nullptr || !request_started_ || request_done_) return;
  if (may_tunnel_ && body_out_.kind() == BodyWriter::Kind::none) {
    early_.append(body);
    early_end_ = end_stream;
    if (early_.empty() || early_blocked_) return;
    early_blocked_ = true;
    handler_->on_write_blocked();
    return;
  }
  bool fits = body_out_.write(transport_, body, end_stream);
  if (end_stream || !fits) end_request(fits);
}

void Http1ClientCodec::send_trailers(const HeaderMap& trailers) {
  if (handler_ == nullptr || !request_started_ || request_done_) return;
  if (may_tunnel_) return send_body({}, true);
  end_request(body_out_.write_trailers(transport_, trailers, options_));
}

// `complete` false: not what was announced. The upstream must not take the next octets for the rest
// of this body.
void Http1ClientCodec::end_request(bool complete) {
  request_done_ = true;
  if (!complete) {
    broken_ = true;
    reusable_ = false;
    if (close_detail_.empty()) close_detail_ = details::kLengthMismatch;
    return;
  }
  if (tunnel_) transport_.shutdown_write();
  if (!feeding_) finish_if_done();
}

void Http1ClientCodec::reset(http::ResetReason) {
  if (handler_ == nullptr) return;
  handler_ = nullptr;
  transport_.end();
  reading_ = Reading::nothing;
  reusable_ = false;
  head_.reset();
  early_ = std::string();
  pause_.release();
}

}  // namespace outrigger::http1
