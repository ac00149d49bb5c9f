#include "proxy/http2/head_encoder.h"

namespace outrigger::http2 {
namespace {

using http::HeaderField;
using http::HeaderId;
using http::HeaderMap;

constexpr std::string_view kTrailers = "trailers";

uint8_t* octets(std::string_view text) {
  // nghttp2 takes pointers to non-const and does not write through them.
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

bool is_pseudo(const HeaderField& field) {
  return !field.name.empty() && field.name.front() == ':';
}

bool is_plain_connect(const HeaderMap& headers) {
  return headers.get(HeaderId::method) == "CONNECT" && !headers.has(HeaderId::protocol);
}

}  // namespace

void HeadEncoder::put(const HeaderField& field, std::string_view value) {
  uint8_t flags = value_flags_;
  if (value_flags_ != NGHTTP2_NV_FLAG_NONE || field.id != HeaderId::other)
    flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME;
  std::string_view name = field.id != HeaderId::other ? http::header_name(field.id) : field.name;
  fields_.push_back(nghttp2_nv{octets(name), octets(value), name.size(), value.size(), flags});
}

void HeadEncoder::put_pseudo(HeaderId id, std::string_view value) {
  HeaderField field;
  field.id = id;
  put(field, value);
}

std::span<const nghttp2_nv> HeadEncoder::encode(const HeaderMap& headers, Kind kind, bool borrow) {
  fields_.clear();
  value_flags_ = borrow ? NGHTTP2_NV_FLAG_NO_COPY_VALUE : NGHTTP2_NV_FLAG_NONE;
  bool request = kind == Kind::request;
  bool no_target = request && is_plain_connect(headers);
  bool has_authority = headers.has(HeaderId::authority);
  if (request && !has_authority && headers.has(HeaderId::host)) {
    put_pseudo(HeaderId::authority, headers.get(HeaderId::host));
  }
  for (const HeaderField& field : headers.fields()) {
    switch (field.id) {
      case HeaderId::connection:
      case HeaderId::keep_alive:
      case HeaderId::proxy_connection:
      case HeaderId::transfer_encoding:
      case HeaderId::upgrade:
      case HeaderId::http2_settings:
        continue;
      case HeaderId::te:
        if (http::has_token(field.value, kTrailers)) put(field, kTrailers);
        continue;
      case HeaderId::host:
        if (!request) put(field, field.value);
        continue;
      case HeaderId::scheme:
      case HeaderId::path:
        if (no_target) continue;
        break;
      default:
        break;
    }
    if (kind == Kind::trailers && is_pseudo(field)) continue;
    put(field, field.value);
  }
  return fields_;
}

}  // namespace outrigger::http2
