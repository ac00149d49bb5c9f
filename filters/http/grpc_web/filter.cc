#include "filters/http/grpc_web/filter.h"

#include <algorithm>
#include <array>

namespace outrigger::filters::grpc_web {
namespace {

using http::HeaderId;

constexpr std::string_view kGrpc = "application/grpc";
constexpr std::string_view kWeb = "application/grpc-web";
constexpr std::string_view kWebProto = "application/grpc-web+proto";
constexpr std::string_view kWebText = "application/grpc-web-text";
constexpr std::string_view kWebTextProto = "application/grpc-web-text+proto";
constexpr std::string_view kAcceptEncoding = "grpc-accept-encoding";
// An answer that is no gRPC may be of any size; as a header it must not.
constexpr size_t kMaxMessageBytes = 16 * 1024;
constexpr unsigned kHeadOctets = 5;  // of a frame: flags, length
constexpr char kTrailersFrame = static_cast<char>(0x80);

bool is_text(std::string_view type) {
  return type == kWebText || type == kWebTextProto;
}

bool has_type(const http::HeaderMap& headers, std::string_view wanted) {
  std::string_view type = headers.get(HeaderId::content_type);
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::equals_ignore_case(type, wanted);
}

// Is it an answer of gRPC, or of somebody who speaks gRPC-Web?
bool is_grpc_answer(const http::HeaderMap& headers, bool end_stream) {
  if (end_stream) return headers.has(HeaderId::grpc_status);
  if (headers.get(HeaderId::status) != "200") return false;
  std::string_view type = headers.get(HeaderId::content_type);
  bool grpc = type.starts_with(kGrpc) && (type.size() == kGrpc.size() || type[kGrpc.size()] == '+');
  return grpc || has_type(headers, kWeb) || has_type(headers, kWebProto);
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md, as Envoy applies it
std::string_view grpc_status_of(std::string_view status) {
  struct Pair {
    std::string_view http, grpc;
  };
  constexpr std::array<Pair, 8> kPairs = {{{"400", "13"},
                                           {"401", "16"},
                                           {"403", "7"},
                                           {"404", "12"},
                                           {"429", "14"},
                                           {"502", "14"},
                                           {"503", "14"},
                                           {"504", "14"}}};
  for (const Pair& pair : kPairs) {
    if (pair.http == status) return pair.grpc;
  }
  return "2";
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet < 0x7e && c != '%') {
      out += c;
    } else {
      out += '%';
      out += kHex[octet >> 4];
      out += kHex[octet & 15];
    }
  }
  return out;
}

void append_length(std::string& out, size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift);
}

Verdict refuse(std::string_view details) {
  LocalReply reply;
  reply.code = 400;
  reply.body = "Bad gRPC-web request, invalid base64 data.";
  reply.outcome.details = details;
  reply.outcome.cause = "the body of a gRPC-Web request is not base64";
  return Verdict::reply(reply);
}

}  // namespace

Verdict GrpcWebFilter::on_request_headers(FilterContext& context, http::HeaderMap& headers, bool) {
  std::string_view type = headers.get(HeaderId::content_type);
  if (type != kWeb && type != kWebProto && !is_text(type)) return Verdict::next();
  active_ = true;
  text_request_ = is_text(type);
  text_response_ = is_text(headers.get(HeaderId::accept));
  // Of the body as the browser sent it.
  headers.remove(HeaderId::content_length);
  headers.set(HeaderId::content_type, kGrpc);
  headers.set(HeaderId::te, "trailers");
  if (headers.find(kAcceptEncoding) == nullptr) headers.add(kAcceptEncoding, "identity");
  find_stats(context, headers);
  return Verdict::next();
}

void GrpcWebFilter::find_stats(FilterContext& context, const http::HeaderMap& headers) {
  std::string_view cluster = context.route_cluster();
  if (cluster.empty() || context.find_cluster(cluster) == nullptr) return;
  stats_ = scopes_.find(cluster, headers.get(HeaderId::path), context.worker());
}

void GrpcWebFilter::count_status(const http::HeaderMap& fields) {
  const http::HeaderField* status = fields.find(HeaderId::grpc_status);
  if (stats_ != nullptr && status != nullptr) stats_->count(status->value);
}

Verdict GrpcWebFilter::on_request_body(FilterContext& context, std::string_view body,
                                       bool end_stream) {
  if (!text_request_) return Verdict::next();
  request_.clear();
  if (!decoder_.write(body, request_)) return refuse("grpc_base_64_decode_failed");
  if (end_stream && !decoder_.complete()) return refuse("grpc_base_64_decode_failed_bad_size");
  context.replace_request_body(request_);
  return Verdict::next();
}

Verdict GrpcWebFilter::on_request_trailers(FilterContext&, http::HeaderMap&) {
  if (text_request_ && !decoder_.complete()) return refuse("grpc_base_64_decode_failed_bad_size");
  return Verdict::next();
}

Verdict GrpcWebFilter::on_response_headers(FilterContext&, http::HeaderMap& headers,
                                           bool end_stream) {
  if (!active_) return Verdict::next();
  count_status(headers);
  no_grpc_ = !is_grpc_answer(headers, end_stream);
  headers.set(HeaderId::content_type, text_response_ ? kWebTextProto : kWebProto);
  if (end_stream) return Verdict::next();
  // What follows has another length, and a frame more.
  if (!no_grpc_) headers.remove(HeaderId::content_length);
  return no_grpc_ ? Verdict::hold() : Verdict::next();
}

Verdict GrpcWebFilter::on_response_body(FilterContext& context, std::string_view body,
                                        bool end_stream) {
  if (!active_) return Verdict::next();
  if (no_grpc_) {
    keep_message(body);
    context.replace_response_body({});
    if (!end_stream) return Verdict::hold();
    answer_as_grpc(context);
    return Verdict::next();
  }
  if (!text_response_) return Verdict::next();
  response_.clear();
  encode_frames(body);
  if (end_stream) encoder_.finish(response_);
  context.replace_response_body(response_);
  return Verdict::next();
}

Verdict GrpcWebFilter::on_response_trailers(FilterContext& context, http::HeaderMap& trailers) {
  if (!active_) return Verdict::next();
  count_status(trailers);
  if (no_grpc_) {
    answer_as_grpc(context);
    context.replace_response_body({});
    return Verdict::next();
  }
  std::string fields;
  for (const http::HeaderField& field : trailers.fields()) {
    fields += field.name;
    fields += ':';
    fields += field.value;
    fields += "\r\n";
  }
  trailers.clear();
  std::string frame(1, kTrailersFrame);
  append_length(frame, fields.size());
  frame += fields;
  response_.clear();
  if (text_response_) {
    encoder_.finish(response_);
    encoder_.write(frame, response_);
    encoder_.finish(response_);
  } else {
    response_ = std::move(frame);
  }
  context.replace_response_body(response_);
  return Verdict::next();
}

void GrpcWebFilter::encode_frames(std::string_view octets) {
  while (!octets.empty()) {
    if (head_octets_ < kHeadOctets) {
      auto octet = static_cast<unsigned char>(octets.front());
      if (head_octets_ > 0) frame_left_ = frame_left_ << 8 | octet;
      encoder_.write(octets.substr(0, 1), response_);
      octets.remove_prefix(1);
      ++head_octets_;
    } else {
      std::string_view part = octets.substr(0, frame_left_);
      encoder_.write(part, response_);
      octets.remove_prefix(part.size());
      frame_left_ -= static_cast<uint32_t>(part.size());
    }
    if (head_octets_ == kHeadOctets && frame_left_ == 0) {
      encoder_.finish(response_);
      head_octets_ = 0;
    }
  }
}

void GrpcWebFilter::keep_message(std::string_view body) {
  message_.append(body.substr(0, kMaxMessageBytes - std::min(kMaxMessageBytes, message_.size())));
}

void GrpcWebFilter::answer_as_grpc(FilterContext& context) {
  http::HeaderMap& headers = *context.response_headers();
  headers.set(HeaderId::grpc_status, grpc_status_of(headers.get(HeaderId::status)));
  headers.set_copy(HeaderId::grpc_message, percent_encode(message_));
  headers.set(HeaderId::content_length, "0");
  headers.remove(HeaderId::transfer_encoding);
}

ArenaPtr<HttpFilter> GrpcWebFactory::create(Arena& arena) const {
  return make_in_arena<GrpcWebFilter>(arena, *scopes_);
}

}  // namespace outrigger::filters::grpc_web
