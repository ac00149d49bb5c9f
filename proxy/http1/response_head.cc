#include "proxy/http1/response_head.h"

#include <cstring>

#include "proxy/http1/chars.h"

namespace outrigger::http1 {
namespace {

using http::HeaderId;

constexpr Bytes kBeginning = "HTTP/1.";

// HTTP/1.d SP ddd [SP reason] CRLF. `at` is left at the first field line.
HeadError parse_status_line(char*& at, http::HeaderMap& map, ResponseHead& out) {
  // No memory beyond the head is looked at: a difference, at the latest the line's end, stops each
  // step.
  if (std::strncmp(at, kBeginning.data(), kBeginning.size()) != 0) return kMalformed;
  at += kBeginning.size();
  if ((at[0] != '0' && at[0] != '1') || at[1] != ' ') return kMalformed;
  out.http10 = at[0] == '0';
  char* status = at + 2;
  if (status[0] < '1' || !is_digit(status[0]) || !is_digit(status[1]) || !is_digit(status[2])) {
    return kMalformed;
  }
  out.status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
  at = status + 3;
  if (*at == ' ') at = skip_text(at);
  if (at[0] != '\r' || at[1] != '\n') return kMalformed;
  at += 2;
  map.add(HeaderId::status, {status, 3});
  return kNoError;
}

// 1xx and 204 have no body and may not say that they have (RFC 9110, 8.6; 9112, 6.1).
// "content-length: 0" is a frequent slip.
HeadError check_bodiless(const FieldFacts& facts, http::HeaderMap& map) {
  if (facts.chunked) return {502, details::kTransferEncodingNotAllowed};
  if (facts.has_length && facts.content_length != 0) {
    return {502, details::kContentLengthNotAllowed};
  }
  if (facts.has_length) map.remove(HeaderId::content_length);
  return kNoError;
}

HeadError check_lengths(const http::Http1Options& options, http::HeaderMap& map,
                        ResponseHead& out) {
  FieldFacts& facts = out.facts;
  if (facts.chunked && out.http10) return {502, details::kInvalidTransferEncoding};
  if (!facts.chunked || !facts.has_length) return kNoError;
  if (!options.allow_chunked_length) return {502, details::kLengthAndChunked};
  map.remove(HeaderId::content_length);
  facts.has_length = false;
  out.keep_alive = false;
  return kNoError;
}

ResponseBody body_of(const ResponseHead& out, RequestKind request) {
  if (request.is_connect && out.status / 100 == 2) return ResponseBody::tunnel;
  if (out.status == 101) return ResponseBody::tunnel;
  if (request.is_head || out.status < 200 || out.status == 204 || out.status == 304) {
    return ResponseBody::none;
  }
  if (out.facts.chunked) return ResponseBody::chunked;
  if (!out.facts.has_length) return ResponseBody::until_close;
  return out.facts.content_length == 0 ? ResponseBody::none : ResponseBody::length;
}

}  // namespace

HeadError parse_response_head(char* head, const FieldRules& rules, RequestKind request,
                              http::HeaderMap& map, ResponseHead& out) {
  char* at = head;
  if (HeadError error = parse_status_line(at, map, out)) return error;
  if (HeadError error = parse_fields(at, rules, map, out.facts)) return error;
  out.keep_alive = !out.facts.connection_close && (!out.http10 || out.facts.connection_keep_alive);
  if (HeadError error = check_lengths(rules.options, map, out)) return error;
  if (out.status == 101 && !request.upgrade) return {502, details::kCodecError};
  out.body = body_of(out, request);
  // A 2xx to CONNECT has neither length nor coding; what it says is ignored (RFC 9110, 9.3.6).
  if (out.body == ResponseBody::tunnel && request.is_connect) {
    map.remove(HeaderId::content_length);
  } else if (out.status < 200 || out.status == 204) {
    if (HeadError error = check_bodiless(out.facts, map)) return error;
  }
  if (out.body == ResponseBody::until_close) out.keep_alive = false;
  return kNoError;
}

bool may_begin_response(Bytes bytes) {
  size_t common = std::min(bytes.size(), kBeginning.size());
  return bytes.substr(0, common) == kBeginning.substr(0, common);
}

}  // namespace outrigger::http1
