#include "filters/http/grpc_http1_bridge/filter.h"

#include <algorithm>

namespace outrigger::filters::grpc_http1_bridge {
namespace {

using http::HeaderId;

constexpr std::string_view kGrpcType = "application/grpc";
constexpr unsigned kFrameHead = 5;  // flags, length
constexpr uint64_t kMaxFrame = 0xffffffff;

bool is_grpc(const http::HeaderMap& headers) {
  std::string_view type = headers.get(HeaderId::content_type);
  return type.starts_with(kGrpcType) &&
         (type.size() == kGrpcType.size() || type[kGrpcType.size()] == '+');
}

bool is_protobuf(const http::HeaderMap& headers) {
  return headers.get(HeaderId::content_type) == "application/x-protobuf";
}

void append_frame_head(std::string& out, uint64_t length) {
  out += '\0';  // not compressed
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift);
}

}  // namespace

Verdict GrpcHttp1BridgeFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers,
                                                  bool end_stream) {
  bool http1 = context.info().protocol && *context.info().protocol < http::Protocol::http2;
  if (http1 && settings_.upgrade_protobuf && is_protobuf(headers)) {
    upgrade(context, headers, end_stream);
  }
  if (!is_grpc(headers)) return Verdict::next();
  bridging_ = http1;
  std::string_view path = headers.get(HeaderId::path);
  size_t query = path.find('?');
  if (bridging_ && settings_.ignore_query_parameters && query != std::string_view::npos) {
    headers.set(HeaderId::path, path.substr(0, query));
  }
  return framing_ == Framing::whole ? Verdict::hold() : Verdict::next();
}

void GrpcHttp1BridgeFilter::upgrade(FilterContext& context, http::HeaderMap& headers,
                                    bool end_stream) {
  upgraded_ = true;
  head_left_ = kFrameHead;
  bool known = http::parse_decimal(headers.get(HeaderId::content_length), request_length_) &&
               request_length_ <= kMaxFrame;
  if (!end_stream) framing_ = known ? Framing::length_known : Framing::whole;
  headers.set(HeaderId::content_type, kGrpcType);
  // Of the message without its frame.
  headers.remove(HeaderId::content_length);
  context.clear_route();
}

Verdict GrpcHttp1BridgeFilter::on_request_body(FilterContext& context, std::string_view body,
                                               bool end_stream) {
  if (framing_ == Framing::length_known) {
    framing_ = Framing::done;
    append_frame_head(framed_, request_length_);
    framed_ += body;
    context.replace_request_body(framed_);
  } else if (framing_ == Framing::whole) {
    if (!end_stream) return Verdict::hold();
    frame_whole(context, body);
  }
  return Verdict::next();
}

Verdict GrpcHttp1BridgeFilter::on_request_trailers(FilterContext& context, http::HeaderMap&) {
  if (framing_ == Framing::whole) frame_whole(context, {});
  return Verdict::next();
}

void GrpcHttp1BridgeFilter::frame_whole(FilterContext& context, std::string_view last) {
  framing_ = Framing::done;
  std::string_view held = context.request_buffer();
  append_frame_head(framed_, held.size() + last.size());
  framed_ += held;
  framed_ += last;
  context.replace_request_body(framed_);
}

Verdict GrpcHttp1BridgeFilter::on_response_headers(FilterContext&, http::HeaderMap& headers,
                                                   bool end_stream) {
  if (!bridging_) return Verdict::next();
  // What is no gRPC has no frames.
  upgraded_ = upgraded_ && is_grpc(headers);
  // A response of its head alone says its status there already.
  return end_stream ? Verdict::next() : Verdict::hold();
}

Verdict GrpcHttp1BridgeFilter::on_response_body(FilterContext& context, std::string_view body,
                                                bool end_stream) {
  if (!bridging_) return Verdict::next();
  if (upgraded_ && head_left_ > 0) {
    size_t dropped = std::min<size_t>(head_left_, body.size());
    head_left_ -= static_cast<unsigned>(dropped);
    body.remove_prefix(dropped);
    if (!end_stream) context.replace_response_body(body);
  }
  response_bytes_ += body.size();
  return end_stream ? Verdict::next() : Verdict::hold();
}

Verdict GrpcHttp1BridgeFilter::on_response_trailers(FilterContext& context,
                                                    http::HeaderMap& trailers) {
  if (bridging_) tell_status(*context.response_headers(), trailers);
  return Verdict::next();
}

void GrpcHttp1BridgeFilter::tell_status(http::HeaderMap& headers, const http::HeaderMap& trailers) {
  if (const http::HeaderField* status = trailers.find(HeaderId::grpc_status)) {
    uint64_t number = 0;
    std::string_view value = status->value;
    if (!http::parse_decimal(value, number) || number != 0) headers.set(HeaderId::status, "503");
    headers.set_copy(HeaderId::grpc_status, value);
  }
  if (const http::HeaderField* message = trailers.find(HeaderId::grpc_message)) {
    std::string_view value = message->value;
    headers.set_copy(HeaderId::grpc_message, value);
  }
  headers.remove(HeaderId::transfer_encoding);
  headers.set_copy(HeaderId::content_length, std::to_string(response_bytes_));
}

ArenaPtr<HttpFilter> GrpcHttp1BridgeFactory::create(Arena& arena) const {
  return make_in_arena<GrpcHttp1BridgeFilter>(arena, settings_);
}

}  // namespace outrigger::filters::grpc_http1_bridge
