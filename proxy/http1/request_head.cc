#include "proxy/http1/request_head.h"

#include <algorithm>
#include <cstring>

#include "proxy/http1/chars.h"
#include "proxy/http1/method.h"
#include "proxy/http1/target.h"

namespace outrigger::http1 {
namespace {

using http::HeaderId;

struct StartLine {
  std::string_view method;
  std::string_view target;
  char minor = '1';
  bool major_is_1 = true;
  char* end = nullptr;  // the first octet after the line
};

// METHOD SP target SP HTTP/d.d CRLF, with exactly one space at each place.
HeadError parse_start_line(char* head, StartLine& line) {
  char* at = head;
  while (kToken[octet(*at)]) ++at;
  line.method = {head, static_cast<size_t>(at - head)};
  if (*at != ' ' || !is_known_method(line.method)) return kMalformed;
  char* target = ++at;
  at = skip_target(at);
  line.target = {target, static_cast<size_t>(at - target)};
  if (line.target.empty()) return kMalformed;
  if (*at == '\r') return {426, details::kLowVersion};  // HTTP/0.9 had no version
  if (*at != ' ') return out_of_place(*at);
  ++at;
  if (std::memcmp(at, "HTTP/", 5) != 0 || !is_digit(at[5]) || at[6] != '.' || !is_digit(at[7]) ||
      at[8] != '\r' || at[9] != '\n') {
    return kMalformed;
  }
  line.major_is_1 = at[5] == '1';
  line.minor = at[7];
  line.end = at + 10;
  return kNoError;
}

HeadError check_version(const StartLine& line, const http::Http1Options& options, bool& http10) {
  if (line.major_is_1 && line.minor == '1') return kNoError;
  http10 = line.major_is_1 && line.minor == '0';
  if (!options.accept_http_10) return {426, details::kLowVersion};
  return http10 ? kNoError : kMalformed;
}

// Host must be there and be valid even where the target's authority wins over it (RFC 9112, 3.2).
HeadError check_host(const Target& target, const http::Http1Options& options, Arena& arena,
                     RequestHead& out) {
  FieldFacts& facts = out.facts;
  if (!facts.has_host) {
    if (!out.http10) return {400, details::kMissingHost};
    if (target.authority.empty() && options.default_host_for_http_10.empty()) {
      return {400, details::kMissingHost};
    }
    facts.host = arena.copy(options.default_host_for_http_10);
  }
  return is_valid_authority(facts.host) ? kNoError : HeadError{400, details::kInvalidAuthority};
}

// h2c is not offered, HTTP/1.0 has no Upgrade, and the options may name others: what asks for them
// is an ordinary request.
void decide_upgrade(const http::Http1Options& options, http::HeaderMap& map, RequestHead& out) {
  if (!out.facts.has_upgrade) return;
  std::string_view type = map.get(HeaderId::upgrade);
  bool asked = out.facts.connection_upgrade && !out.http10 && !http::has_token(type, "h2c");
  if (asked && std::ranges::none_of(options.ignored_upgrades, [type](const auto& matcher) {
        return matcher.matches(type);
      })) {
    out.upgrade = true;
    return;
  }
  map.remove(HeaderId::upgrade);
  map.remove(HeaderId::http2_settings);
}

HeadError decide_connect_body(http::HeaderMap& map, const FieldFacts& facts) {
  if (facts.chunked) return {501, details::kInvalidTransferEncoding};
  if (facts.has_length && facts.content_length != 0) return {400, details::kBodyDisallowed};
  if (facts.has_length) map.remove(HeaderId::content_length);
  return kNoError;
}

HeadError decide_body(const http::Http1Options& options, http::HeaderMap& map, RequestHead& out) {
  FieldFacts& facts = out.facts;
  if (facts.chunked && facts.has_length) {
    if (!options.allow_chunked_length) return {400, details::kLengthAndChunked};
    map.remove(HeaderId::content_length);
    facts.has_length = false;
    // Whoever sent both may have a party behind it that reads the length: nothing follows on this
    // connection (RFC 9112, 6.1).
    out.keep_alive = false;
  }
  // HTTP/1.0 has no transfer codings: a party on the way that ignored it saw another message.
  if (facts.chunked && out.http10) return {400, details::kInvalidTransferEncoding};
  if (out.is_connect) return decide_connect_body(map, facts);
  if (facts.chunked) {
    out.body = RequestBody::chunked;
  } else if (facts.has_length && facts.content_length != 0) {
    out.body = RequestBody::length;
  }
  return kNoError;
}

// Pseudo-headers stand first, but Host comes later: its place is held. Where the case of "Host" is
// kept, :authority is put in at the end.
void add_pseudo_headers(const StartLine& line, const Target& target, bool keep_case,
                        http::HeaderMap& map) {
  map.add_parsed(HeaderId::method, ":method", line.method, {});
  if (!target.path.empty()) map.add_parsed(HeaderId::path, ":path", target.path, {});
  if (!keep_case) map.add_parsed(HeaderId::authority, ":authority", target.authority, {});
  if (!target.scheme.empty()) map.add_parsed(HeaderId::scheme, ":scheme", target.scheme, {});
}

}  // namespace

HeadError parse_request_head(char* head, const FieldRules& rules, http::HeaderMap& map,
                             RequestHead& out) {
  StartLine line;
  if (HeadError error = parse_start_line(head, line)) return error;
  out.is_head = line.method == "HEAD";
  out.is_connect = line.method == "CONNECT";
  if (HeadError error = check_version(line, rules.options, out.http10)) return error;
  Target target;
  HeadError target_error =
      parse_target(line.method, line.target, rules.options.allow_absolute_url, map.arena(), target);
  if (target_error) return target_error;

  const bool keep_case = rules.options.header_case == http::HeaderCase::preserve;
  add_pseudo_headers(line, target, keep_case, map);
  if (HeadError error = parse_fields(line.end, rules, map, out.facts)) return error;

  out.keep_alive = !out.facts.connection_close && (!out.http10 || out.facts.connection_keep_alive);
  decide_upgrade(rules.options, map, out);
  // The framing before the host: a request without a host can be answered on a connection that
  // stays open.
  if (HeadError error = decide_body(rules.options, map, out)) return error;
  if (HeadError error = check_host(target, rules.options, map.arena(), out)) return error;
  if (keep_case) {
    std::string_view authority = target.authority.empty() ? out.facts.host : target.authority;
    map.add_with_case(":authority", authority, out.facts.host_original_name);
  } else if (target.authority.empty()) {
    map.replace_value(HeaderId::authority, out.facts.host);
  }
  return kNoError;
}

HeadError StartLineCheck::feed(Bytes bytes) {
  for (char c : bytes) {
    if (state_ == State::done) return kNoError;
    if (HeadError error = feed(c)) return error;
  }
  return kNoError;
}

HeadError StartLineCheck::feed(char c) {
  constexpr std::string_view kVersion = "HTTP/";
  auto need = [](bool good) { return good ? kNoError : kMalformed; };
  switch (state_) {
    case State::method:
      if (c == ' ') {
        state_ = State::target;
        return need(is_known_method({method_, seen_}));
      }
      if (seen_ == sizeof(method_)) return kMalformed;
      method_[seen_++] = c;
      return need(begins_known_method({method_, seen_}));
    case State::target:
      if (c == ' ') {
        state_ = State::version;
        seen_ = 0;
        return kNoError;
      }
      if (c == '\r') {  // a line without a version: answered once the head is whole
        state_ = State::done;
        return kNoError;
      }
      return is_target(c) ? kNoError : out_of_place(c);
    case State::version: {
      size_t at = seen_++;
      if (at < kVersion.size()) return need(c == kVersion[at]);
      if (at == 6) return need(c == '.');
      if (at == 5 || at == 7) return need(is_digit(c));
      state_ = State::done;
      return need(c == '\r');
    }
    case State::done:
      return kNoError;
  }
  return kNoError;
}

}  // namespace outrigger::http1
