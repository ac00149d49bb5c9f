#include "proxy/grpc/status.h"

#include "api/http/header_map.h"

namespace outrigger::grpc {
namespace {

constexpr uint64_t kLastCode = static_cast<uint64_t>(Code::unauthenticated);

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Code> parse_status(std::string_view text) {
  uint64_t number = 0;
  if (!http::parse_decimal(text, number)) return std::nullopt;
  return number > kLastCode ? Code::unknown : static_cast<Code>(number);
}

std::string decode_message(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

Code code_of_http_status(int status) {
  switch (status) {
    case 400:
      return Code::internal;
    case 401:
      return Code::unauthenticated;
    case 403:
      return Code::permission_denied;
    case 404:
      return Code::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::unavailable;
    default:
      return Code::unknown;
  }
}

Code code_of_reset(http::ResetReason reason) {
  switch (reason) {
    case http::ResetReason::local_reset:
      return Code::cancelled;
    case http::ResetReason::remote_refused_stream:
    case http::ResetReason::local_refused_stream:
    case http::ResetReason::connection_failure:
    case http::ResetReason::connection_termination:
    case http::ResetReason::overflow:
      return Code::unavailable;
    case http::ResetReason::remote_reset:
    case http::ResetReason::protocol_error:
    case http::ResetReason::connect_error:
      return Code::internal;
  }
  return Code::unknown;
}

}  // namespace outrigger::grpc
