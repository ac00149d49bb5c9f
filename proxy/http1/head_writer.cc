#include "proxy/http1/head_writer.h"

#include <array>
#include <cstring>

#include "proxy/http1/chars.h"

namespace outrigger::http1 {
namespace {

using http::HeaderCase;
using http::HeaderField;
using http::HeaderId;

enum class Role : uint8_t {
  plain,
  dropped,
  authority,
  length,
  upgrade
};

constexpr std::array<Role, http::kHeaderIdCount> kRoles = [] {
  std::array<Role, http::kHeaderIdCount> roles{};
  auto set = [&](HeaderId id, Role role) { roles[static_cast<unsigned>(id)] = role; };
  for (HeaderId id : {HeaderId::method, HeaderId::scheme, HeaderId::path, HeaderId::protocol,
                      HeaderId::status, HeaderId::connection, HeaderId::keep_alive,
                      HeaderId::proxy_connection, HeaderId::transfer_encoding}) {
    set(id, Role::dropped);
  }
  set(HeaderId::authority, Role::authority);
  set(HeaderId::content_length, Role::length);
  set(HeaderId::upgrade, Role::upgrade);
  return roles;
}();

constexpr std::array<Bytes, 4> kLengthLines = {"", "", "content-length: 0\r\n",
                                               "transfer-encoding: chunked\r\n"};
constexpr std::array<Bytes, 4> kConnectionLines = {
    "", "connection: close\r\n", "connection: keep-alive\r\n", "connection: upgrade\r\n"};
// The same with each word's first letter raised.
constexpr std::array<Bytes, 4> kProperLengthLines = {"", "", "Content-Length: 0\r\n",
                                                     "Transfer-Encoding: chunked\r\n"};
constexpr std::array<Bytes, 4> kProperConnectionLines = {
    "", "Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: upgrade\r\n"};

constexpr Bytes kLineEnd = "\r\n";
constexpr size_t kLineExtra = 4;       // ": " and CRLF
constexpr size_t kMaxOwnLines = 64;    // one length line, one connection line, the empty line
constexpr size_t kMaxStatusLine = 64;  // "HTTP/1.1 431 Request Header Fields Too Large" CRLF

inline char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

// Copies names and values: they are short, so a call of memcpy would cost more than the copy.
inline char* put_short(char* at, std::string_view text) {
  const char* from = text.data();
  size_t size = text.size();
  if (size >= 16) {
    if (size > 64) return put(at, text);
    char* end = at + size;
    for (size_t i = 0; i + 16 < size; i += 16) std::memcpy(at + i, from + i, 16);
    std::memcpy(end - 16, from + size - 16, 16);
    return end;
  }
  if (size >= 8) {
    std::memcpy(at, from, 8);
    std::memcpy(at + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(at, from, 4);
    std::memcpy(at + size - 4, from + size - 4, 4);
  } else {
    for (size_t i = 0; i < size; ++i) at[i] = from[i];
  }
  return at + size;
}

// A value that a filter made may hold what would end the line: it must not become a line of its own
// (RFC 9110, 5.5).
void make_harmless(char* begin, char* end) {
  for (; begin != end; ++begin) {
    if (!is_text(*begin)) *begin = ' ';
  }
}

inline bool is_harmless(std::string_view value) {
  const char* at = value.data();
  const char* end = at + value.size();
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  __m128i bad = _mm_setzero_si128();
  for (; end - at >= 16; at += 16) {
    __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    bad = _mm_or_si128(bad, _mm_andnot_si128(_mm_cmpeq_epi8(block, tab), control));
  }
  if (_mm_movemask_epi8(bad) != 0) return false;
#endif
  for (; at != end; ++at) {
    if (octet(*at) < 0x20 && *at != '\t') return false;
  }
  return true;
}

char* put_proper(char* at, std::string_view name) {
  bool first = true;
  for (char c : name) {
    bool letter = c >= 'a' && c <= 'z';
    *at++ = first && letter ? static_cast<char>(c - 32) : c;
    first = !letter && !(c >= '0' && c <= '9');
  }
  return at;
}

// `Case` is a template parameter so that the usual one costs nothing.
template <HeaderCase Case>
inline char* put_name(char* at, std::string_view name, std::string_view original_name) {
  if constexpr (Case == HeaderCase::proper) return put_proper(at, name);
  if constexpr (Case == HeaderCase::preserve) {
    if (!original_name.empty()) return put(at, original_name);
  }
  return put_short(at, name);
}

inline char* put_value(char* at, std::string_view value) {
  *at++ = ':';
  *at++ = ' ';
  char* begin = at;
  at = put_short(at, value);
  if (!is_harmless(value)) make_harmless(begin, at);
  *at++ = '\r';
  *at++ = '\n';
  return at;
}

inline bool is_written(Role role, HeadFraming framing, bool& length_seen) {
  switch (role) {
    case Role::plain:
    case Role::authority:
      return true;
    case Role::dropped:
      return false;
    case Role::length:  // a second one would be an attack on the reader
      if (framing.length != LengthField::from_map || length_seen) return false;
      length_seen = true;
      return true;
    case Role::upgrade:
      return framing.connection == ConnectionField::upgrade;
  }
  return false;
}

template <HeaderCase Case>
char* put_fields(char* at, const http::HeaderMap& headers, HeadFraming framing) {
  bool length_seen = false;
  for (const HeaderField& field : headers.fields()) {
    Role role = kRoles[static_cast<unsigned>(field.id)];
    if (role != Role::plain && !is_written(role, framing, length_seen)) continue;
    std::string_view name = role == Role::authority ? std::string_view("host") : field.name;
    at = put_name<Case>(at, name, field.original_name);
    at = put_value(at, field.value);
  }
  auto length = static_cast<size_t>(framing.length);
  auto connection = static_cast<size_t>(framing.connection);
  bool proper = Case == HeaderCase::proper;
  at = put(at, (proper ? kProperLengthLines : kLengthLines)[length]);
  at = put(at, (proper ? kProperConnectionLines : kConnectionLines)[connection]);
  return put(at, kLineEnd);
}

char* put_fields(char* at, const http::HeaderMap& headers, HeadFraming framing, HeaderCase kind) {
  switch (kind) {
    case HeaderCase::proper:
      return put_fields<HeaderCase::proper>(at, headers, framing);
    case HeaderCase::preserve:
      return put_fields<HeaderCase::preserve>(at, headers, framing);
    case HeaderCase::lower:
      break;
  }
  return put_fields<HeaderCase::lower>(at, headers, framing);
}

// The field lines stand between `fields` and the empty line before `end`.
size_t finish(http::CodecTransport& transport, const char* begin, const char* fields,
              const char* end) {
  transport.commit(static_cast<size_t>(end - begin));
  return static_cast<size_t>(end - fields) - kLineEnd.size();
}

size_t max_fields_size(const http::HeaderMap& headers) {
  size_t size = kMaxOwnLines;
  for (const HeaderField& field : headers.fields()) {
    size += field.name.size() + field.value.size() + kLineExtra;
  }
  return size;
}

}  // namespace

size_t write_response_head(http::CodecTransport& transport, const http::HeaderMap& headers,
                           int status, bool http10, HeadFraming framing, HeaderCase header_case) {
  std::string_view phrase = headers.reason_phrase();
  if (phrase.empty()) phrase = reason_phrase(status);
  char* begin = transport.reserve(kMaxStatusLine + phrase.size() + max_fields_size(headers));
  char* at = put(begin, http10 ? "HTTP/1.0 " : "HTTP/1.1 ");
  *at++ = static_cast<char>('0' + status / 100);
  *at++ = static_cast<char>('0' + status / 10 % 10);
  *at++ = static_cast<char>('0' + status % 10);
  *at++ = ' ';
  char* fields = put(put(at, phrase), kLineEnd);
  return finish(transport, begin, fields, put_fields(fields, headers, framing, header_case));
}

size_t write_request_head(http::CodecTransport& transport, const http::HeaderMap& headers,
                          std::string_view method, std::string_view target, HeadFraming framing,
                          HeaderCase header_case) {
  constexpr std::string_view kVersion = " HTTP/1.1\r\n";
  size_t line = method.size() + 1 + target.size() + kVersion.size();
  char* begin = transport.reserve(line + max_fields_size(headers));
  char* at = put(begin, method);
  *at++ = ' ';
  char* fields = put(put(at, target), kVersion);
  return finish(transport, begin, fields, put_fields(fields, headers, framing, header_case));
}

size_t write_trailer_section(http::CodecTransport& transport, const http::HeaderMap& trailers,
                             HeaderCase header_case) {
  constexpr std::string_view kLastChunkLine = "0\r\n";
  char* begin = transport.reserve(kLastChunkLine.size() + max_fields_size(trailers));
  char* fields = put(begin, kLastChunkLine);
  return finish(transport, begin, fields, put_fields(fields, trailers, {}, header_case));
}

}  // namespace outrigger::http1
