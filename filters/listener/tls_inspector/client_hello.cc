#include "filters/listener/tls_inspector/client_hello.h"

#include <algorithm>

namespace outrigger::filters::tls_inspector {
namespace {

constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHelloMessage = 1;
constexpr uint8_t kVersionMajor = 3;
constexpr size_t kRecordHeader = 5;
constexpr size_t kMessageHeader = 4;
constexpr size_t kMaxRecord = 16 * 1024;   // RFC 8446, 5.1
constexpr size_t kMaxMessage = 16 * 1024;  // what TLS libraries take for a ClientHello
constexpr size_t kMaxHostName = 255;       // RFC 1035

struct Record {
  HelloState state;
  Bytes content;  // what has arrived of it
  size_t length = 0;
};

Record read_record(Bytes data) {
  if (!data.empty() && static_cast<uint8_t>(data[0]) != kHandshakeRecord)
    return {HelloState::not_tls, {}};
  if (data.size() > 1 && static_cast<uint8_t>(data[1]) != kVersionMajor)
    return {HelloState::not_tls, {}};
  if (data.size() < kRecordHeader) return {HelloState::need_more, {}};
  Cursor header(data.substr(3, 2));
  size_t length = header.u16();
  if (length == 0 || length > kMaxRecord) return {HelloState::not_tls, {}};
  Bytes content = data.substr(kRecordHeader, length);
  return {content.size() == length ? HelloState::complete : HelloState::need_more, content, length};
}

// The size of the message that begins so, with its header; 0: not known yet.
size_t message_size(Bytes message, bool& wrong) {
  Cursor cursor(message);
  if (!message.empty() && cursor.u8() != kClientHelloMessage) wrong = true;
  if (message.size() < kMessageHeader) return 0;
  size_t size = cursor.u24();
  if (size > kMaxMessage) wrong = true;
  return kMessageHeader + size;
}

bool well_formed_extensions(Bytes extensions) {
  Cursor cursor(extensions);
  while (cursor.ok() && !cursor.empty()) {
    cursor.u16();
    cursor.prefixed16();
  }
  return cursor.ok();
}

// The list has exactly one name, and that is a host's.
bool well_formed_server_name(const ClientHello& hello) {
  bool found = false;
  Cursor extension(hello.extension(kServerName, found));
  if (!found) return true;
  Cursor list(extension.prefixed16());
  bool host = list.u8() == 0;
  Bytes name = list.prefixed16();
  return extension.ok() && extension.empty() && list.ok() && list.empty() && host &&
         !name.empty() && name.size() <= kMaxHostName && name.find('\0') == Bytes::npos;
}

bool parse_message(Bytes body, ClientHello& hello) {
  constexpr size_t kRandom = 32;
  constexpr size_t kMaxSessionId = 32;
  Cursor cursor(body);
  hello.version = cursor.u16();
  cursor.take(kRandom);
  size_t session_id = cursor.prefixed8().size();
  hello.cipher_suites = cursor.prefixed16();
  size_t compressions = cursor.prefixed8().size();
  if (!cursor.empty()) hello.extensions = cursor.prefixed16();
  return cursor.ok() && cursor.empty() && session_id <= kMaxSessionId &&
         !hello.cipher_suites.empty() && hello.cipher_suites.size() % 2 == 0 && compressions > 0 &&
         well_formed_extensions(hello.extensions) && well_formed_server_name(hello) &&
         hello.offers_known_version();
}

}  // namespace

Bytes Cursor::take(size_t size) {
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  Bytes piece = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return piece;
}

uint32_t Cursor::number(size_t octets) {
  uint32_t value = 0;
  for (char octet : take(octets)) value = value << 8 | static_cast<uint8_t>(octet);
  return value;
}

Bytes ClientHello::extension(uint16_t type, bool& found) const {
  Cursor cursor(extensions);
  while (cursor.ok() && !cursor.empty()) {
    bool wanted = cursor.u16() == type;
    Bytes content = cursor.prefixed16();
    if (!wanted) continue;
    found = true;
    return content;
  }
  found = false;
  return {};
}

std::string_view ClientHello::server_name() const {
  bool found = false;
  Cursor extension_content(extension(kServerName, found));
  Cursor list(extension_content.prefixed16());
  list.u8();
  return list.prefixed16();
}

std::vector<std::string_view> ClientHello::application_protocols() const {
  bool found = false;
  Cursor content(extension(kApplicationProtocols, found));
  Cursor list(content.prefixed16());
  std::vector<std::string_view> protocols;
  while (list.ok() && !list.empty()) {
    std::string_view protocol = list.prefixed8();
    if (protocol.empty()) return {};
    protocols.push_back(protocol);
  }
  if (!content.ok() || !content.empty() || !list.ok()) return {};
  return protocols;
}

bool ClientHello::offers_known_version() const {
  constexpr uint16_t kTls10 = 0x0301, kTls13 = 0x0304;
  bool found = false;
  Cursor content(extension(kSupportedVersions, found));
  if (!found) return version >= kTls10;
  Cursor list(content.prefixed8());
  while (!list.empty()) {
    uint16_t offered = list.u16();
    if (offered >= kTls10 && offered <= kTls13) return true;
  }
  return false;
}

HelloResult read_client_hello(Bytes data, std::string& joined) {
  joined.clear();
  Bytes message;  // what is there of it: the first record's content, or `joined`
  size_t offset = 0;
  for (bool first = true;; first = false) {
    Record record = read_record(data.substr(offset));
    if (record.state == HelloState::not_tls) return {HelloState::not_tls, {}};
    if (first) {
      message = record.content;
    } else {
      if (joined.empty()) joined.assign(message);
      joined.append(record.content);
      message = joined;
    }
    bool wrong = false;
    size_t size = message_size(message, wrong);
    if (wrong) return {HelloState::not_tls, {}};
    offset += kRecordHeader + record.length;
    if (size != 0 && message.size() >= size) {
      HelloResult result{HelloState::complete, {}, std::min(offset, data.size())};
      bool good =
          parse_message(message.substr(kMessageHeader, size - kMessageHeader), result.hello);
      if (!good) result.state = HelloState::not_tls;
      return result;
    }
    if (record.state == HelloState::need_more) return {HelloState::need_more, {}};
  }
}

}  // namespace outrigger::filters::tls_inspector
