#include "filters/http/stateful_session/session_state.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include <fmt/format.h>

#include "api/http/cookie.h"

namespace outrigger::filters::stateful_session {
namespace {

std::string decode_base64(std::string_view text) {
  std::string out;
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &out)) return {};
  return out;
}

std::string encode_base64(std::string_view octets) {
  return absl::Base64Escape(absl::string_view(octets.data(), octets.size()));
}

// The cookie's content: a protobuf message of two fields, 1: address, 2: expires (seconds of the
// system's clock, absent: never).
struct CookieContent {
  std::string_view address;
  uint64_t expires = 0;
};

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

bool take_varint(std::string_view& in, uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < 10 && i < in.size(); ++i) {
    auto octet = static_cast<unsigned char>(in[i]);
    value |= static_cast<uint64_t>(octet & 0x7f) << (7 * i);
    if (octet >= 0x80) continue;
    in.remove_prefix(i + 1);
    return true;
  }
  return false;
}

bool take_octets(std::string_view& in, uint64_t count, std::string_view& out) {
  if (count > in.size()) return false;
  out = in.substr(0, count);
  in.remove_prefix(count);
  return true;
}

// False: these octets are no such message.
bool parse(std::string_view in, CookieContent& out) {
  while (!in.empty()) {
    uint64_t tag = 0;
    uint64_t number = 0;
    std::string_view octets;
    if (!take_varint(in, tag) || tag < 8) return false;
    switch (tag & 7) {
      case 0:
        if (!take_varint(in, number)) return false;
        if (tag >> 3 == 2) out.expires = number;
        break;
      case 1:
        if (!take_octets(in, 8, octets)) return false;
        break;
      case 2:
        if (!take_varint(in, number) || !take_octets(in, number, octets)) return false;
        if (tag >> 3 == 1) out.address = octets;
        break;
      case 5:
        if (!take_octets(in, 4, octets)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

uint64_t seconds_of(SystemTime time) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::string_view read_cookie(const CookieState& state, const http::HeaderMap& request,
                             SystemTime now, Arena& arena) {
  std::string decoded = decode_base64(http::find_cookie(request, state.name).value_or(""));
  CookieContent content;
  // What is no message is the address itself, as it was written once; "10.0.0.1:80" may be read as
  // a message of other fields.
  bool message = parse(decoded, content);
  bool digit = !decoded.empty() && decoded[0] >= '0' && decoded[0] <= '9';
  if (!message || (content.address.empty() && digit)) return arena.copy(decoded);
  if (content.expires != 0 && seconds_of(now) > content.expires) return {};
  return arena.copy(content.address);
}

void write_cookie(const CookieState& state, std::string_view address, SystemTime now,
                  http::HeaderMap& response) {
  std::string content = "\x0a";
  put_varint(content, address.size());
  content += address;
  if (state.ttl.count() > 0) {
    content += '\x10';
    put_varint(content, seconds_of(now + state.ttl));
  }
  std::string cookie = fmt::format("{}=\"{}\"", state.name, encode_base64(content));
  if (state.ttl.count() > 0) cookie += fmt::format("; Max-Age={}", state.ttl.count());
  if (!state.path.empty()) cookie += "; Path=" + state.path;
  cookie += state.attributes + "; HttpOnly";
  response.add(http::HeaderId::set_cookie, response.arena().copy(cookie));
}

}  // namespace

bool CookieState::takes_path(std::string_view path_of_request) const {
  if (path.empty() || path == "/") return true;
  if (!path_of_request.starts_with(path)) return false;
  if (path.ends_with('/') || path_of_request.size() == path.size()) return true;
  char next = path_of_request[path.size()];
  return next == '/' || next == '?' || next == '#';
}

bool has_session(const SessionState& state, const http::HeaderMap& request) {
  if (const auto* cookie = std::get_if<CookieState>(&state)) {
    return cookie->takes_path(request.get(http::HeaderId::path));
  }
  return std::holds_alternative<HeaderState>(state);
}

std::string_view read_session(const SessionState& state, const http::HeaderMap& request,
                              SystemTime now, Arena& arena) {
  if (const auto* cookie = std::get_if<CookieState>(&state)) {
    return read_cookie(*cookie, request, now, arena);
  }
  if (const auto* header = std::get_if<HeaderState>(&state)) {
    return arena.copy(decode_base64(request.get(header->name)));
  }
  return {};
}

void write_session(const SessionState& state, std::string_view address, SystemTime now,
                   http::HeaderMap& response) {
  if (const auto* cookie = std::get_if<CookieState>(&state)) {
    write_cookie(*cookie, address, now, response);
  } else if (const auto* header = std::get_if<HeaderState>(&state)) {
    response.set(header->name, response.arena().copy(encode_base64(address)));
  }
}

}  // namespace outrigger::filters::stateful_session
