#include "proxy/stream/local_reply.h"

#include <string>

#include "proxy/observe/access_log_filter.h"
#include "proxy/observe/log_context.h"
#include "proxy/observe/substitution.h"

namespace outrigger::stream {

using http::HeaderId;

namespace {

std::string_view number(uint64_t value, Arena& arena) {
  return arena.copy(std::to_string(value));
}

// grpc-message is percent-encoded: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
std::string_view percent_encode(std::string_view text, Arena& arena) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (unsigned char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      encoded.push_back(static_cast<char>(c));
    } else {
      encoded += {'%', kHex[c >> 4], kHex[c & 15]};
    }
  }
  return arena.copy(encoded);
}

struct Shape {
  int code;
  std::string_view body;
  std::string_view content_type = "text/plain";
  const config::HeaderMutations* headers = nullptr;
};

// What local_reply_config makes of the reply. As Envoy does: the first mapper whose filter matches,
// then the body format.
Shape reshape(const LocalReplyRequest& request, Arena& arena) {
  Shape shape{request.reply.code, request.reply.body};
  if (request.config == nullptr || request.reply.as_is) return shape;
  request.info.response_code = shape.code;
  http::HeaderMap response(arena);
  response.add(HeaderId::status, number(static_cast<uint64_t>(shape.code), arena));
  observe::LogContext context{request.info, request.request, &response};
  const config::LogFormat* format =
      request.config->body_format ? &*request.config->body_format : nullptr;
  for (const config::LocalReplyMapper& mapper : request.config->mappers) {
    if (!observe::passes(mapper.filter, context)) continue;
    if (mapper.status_code) {
      shape.code = *mapper.status_code;
      response.set(HeaderId::status, number(static_cast<uint64_t>(shape.code), arena));
      request.info.response_code = shape.code;
    }
    if (mapper.body) shape.body = *mapper.body;
    if (mapper.body_format) format = &*mapper.body_format;
    shape.headers = &mapper.headers;
    break;
  }
  if (format != nullptr) {
    context.local_reply_body = shape.body;
    shape.body = observe::evaluate_to_arena(*format, context, arena);
    bool json = std::holds_alternative<config::JsonFormat>(format->format);
    shape.content_type = !format->content_type.empty() ? std::string_view(format->content_type)
                         : json                        ? "application/json"
                                                       : "text/plain";
  }
  return shape;
}

LocalResponse grpc_response(const LocalReplyRequest& request, const Shape& shape, Arena& arena) {
  auto* headers = arena.make<http::HeaderMap>(arena);
  int status =
      request.reply.grpc_status >= 0 ? request.reply.grpc_status : grpc_status_of(shape.code);
  headers->add(HeaderId::status, "200");
  headers->add(HeaderId::content_type, "application/grpc");
  headers->add(HeaderId::grpc_status, number(static_cast<uint64_t>(status), arena));
  if (!shape.body.empty() && !request.head)
    headers->add(HeaderId::grpc_message, percent_encode(shape.body, arena));
  if (shape.headers != nullptr) route::apply(*shape.headers, *headers, request.values);
  return {headers, {}};
}

void add_fields(const http::HeaderMap* fields, http::HeaderMap& headers) {
  if (fields == nullptr) return;
  for (const http::HeaderField& field : fields->fields()) headers.remove(field.name);
  for (const http::HeaderField& field : fields->fields()) headers.add_copy(field.name, field.value);
}

}  // namespace

LocalResponse make_local_response(const LocalReplyRequest& request, Arena& arena) {
  Shape shape = reshape(request, arena);
  LocalResponse response;
  if (request.grpc && !request.reply.as_is) {
    response = grpc_response(request, shape, arena);
    add_fields(request.reply.headers, *response.headers);
    response.headers->set(HeaderId::content_type, "application/grpc");
  } else {
    response = {arena.make<http::HeaderMap>(arena), shape.body};
    response.headers->add(HeaderId::status, number(static_cast<uint64_t>(shape.code), arena));
    if (!shape.body.empty()) {
      response.headers->add(HeaderId::content_length, number(shape.body.size(), arena));
      response.headers->add(HeaderId::content_type, shape.content_type);
    }
    add_fields(request.reply.headers, *response.headers);
    if (shape.headers != nullptr) route::apply(*shape.headers, *response.headers, request.values);
    if (request.head) response.body = {};
  }
  if (request.reply.overloaded) response.headers->add(HeaderId::x_envoy_overloaded, "true");
  return response;
}

// https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md, as Envoy applies it
int grpc_status_of(int http_status) {
  switch (http_status) {
    case 400:
      return 13;  // INTERNAL
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
      return 12;  // UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return 14;  // UNAVAILABLE
    default:
      return 2;  // UNKNOWN
  }
}

}  // namespace outrigger::stream
