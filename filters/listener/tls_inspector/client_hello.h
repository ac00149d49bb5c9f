// Finds a TLS ClientHello at the beginning of a connection and takes it apart, strictly: what a TLS
// server would have to refuse is not TLS. Pure: no state, no clock. Formats: RFC 8446, 5.1 and
// 4.1.2; RFC 6066, 3; RFC 7301.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/bytes.h"

namespace outrigger::filters::tls_inspector {

// Reads big-endian numbers and length-prefixed pieces off the front. After a read beyond the end
// everything is empty and ok() is false.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : rest_(bytes) {}
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u24() { return number(3); }
  Bytes take(size_t size);
  Bytes prefixed8() { return take(u8()); }
  Bytes prefixed16() { return take(u16()); }
  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  size_t size() const { return rest_.size(); }

 private:
  uint32_t number(size_t octets);

  Bytes rest_;
  bool ok_ = true;
};

// Views into the octets that were given.
struct ClientHello {
  uint16_t version = 0;  // legacy_version; with supported_versions it says nothing
  Bytes cipher_suites;   // numbers of 16 bits
  Bytes extensions;      // type, length, content; well-formed

  // The content of the first extension of this type; `found` says whether there is one.
  Bytes extension(uint16_t type, bool& found) const;
  // Empty: no SNI. Not checked for what a host name may have.
  std::string_view server_name() const;
  // What ALPN asks for, in its order; empty also if it is malformed, as TLS itself will notice.
  std::vector<std::string_view> application_protocols() const;
  // Does it offer TLS 1.0 to 1.3?
  bool offers_known_version() const;
};

inline constexpr uint16_t kServerName = 0;
inline constexpr uint16_t kSupportedGroups = 10;
inline constexpr uint16_t kPointFormats = 11;
inline constexpr uint16_t kSignatureAlgorithms = 13;
inline constexpr uint16_t kApplicationProtocols = 16;
inline constexpr uint16_t kSupportedVersions = 43;

enum class HelloState : uint8_t {
  complete,
  need_more,
  not_tls
};

struct HelloResult {
  HelloState state;
  ClientHello hello;  // if complete
  size_t size = 0;    // octets of the records that hold it
};

// `joined` keeps a message that is spread over several records, and must outlive the result.
HelloResult read_client_hello(Bytes data, std::string& joined);

}  // namespace outrigger::filters::tls_inspector
