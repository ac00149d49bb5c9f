// Frames made by hand, for what our own client codec would never send.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {

constexpr uint8_t kData = 0, kHeaders = 1, kPriority = 2, kRstStream = 3, kSettings = 4, kPing = 6,
                  kGoaway = 7, kWindowUpdate = 8, kContinuation = 9;
constexpr uint8_t kNone = 0, kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8;

inline std::string number(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string frame(uint8_t type, uint8_t flags, uint32_t stream,
                         std::string_view payload = {}) {
  std::string out = number(static_cast<uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  out += number(stream);
  out += payload;
  return out;
}

inline std::string settings(const std::vector<std::pair<uint16_t, uint32_t>>& values = {}) {
  std::string payload;
  for (auto [id, value] : values) {
    payload += static_cast<char>(id >> 8);
    payload += static_cast<char>(id);
    payload += number(value);
  }
  return frame(kSettings, kNone, 0, payload);
}

inline std::string preface(const std::vector<std::pair<uint16_t, uint32_t>>& values = {}) {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings(values);
}

// HPACK literals that are neither indexed nor compressed. Names and values of up to 126 + 2^14
// octets.
inline std::string hpack_string(std::string_view text) {
  std::string out;
  if (text.size() < 127) {
    out += static_cast<char>(text.size());
  } else {
    size_t rest = text.size() - 127;
    out += static_cast<char>(127);
    for (; rest >= 128; rest /= 128) out += static_cast<char>(rest % 128 + 128);
    out += static_cast<char>(rest);
  }
  out += text;
  return out;
}
inline std::string hpack(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += '\0';
    out += hpack_string(name);
    out += hpack_string(value);
  }
  return out;
}

inline std::string headers(uint32_t stream, const Fields& fields, uint8_t flags = kEndStream) {
  return frame(kHeaders, flags | kEndHeaders, stream, hpack(fields));
}
inline std::string get(uint32_t stream) {
  return headers(stream, get_request());
}
inline std::string reset(uint32_t stream, uint32_t code) {
  return frame(kRstStream, kNone, stream, number(code));
}
inline std::string window_update(uint32_t stream, uint32_t by) {
  return frame(kWindowUpdate, kNone, stream, number(by));
}
inline std::string repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

struct SeenFrame {
  uint8_t type;
  uint8_t flags;
  uint32_t stream;
  std::string payload;
  uint32_t code() const { return read(type == kGoaway ? 4 : 0); }
  uint32_t read(size_t at) const {
    auto octet = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<uint8_t>(payload.at(i)));
    };
    return octet(at) << 24 | octet(at + 1) << 16 | octet(at + 2) << 8 | octet(at + 3);
  }
};

inline std::vector<SeenFrame> parse(std::string_view bytes) {
  constexpr std::string_view kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  if (bytes.starts_with(kMagic)) bytes.remove_prefix(kMagic.size());
  std::vector<SeenFrame> frames;
  auto octet = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes.at(i))); };
  while (bytes.size() >= 9) {
    size_t length = octet(0) << 16 | octet(1) << 8 | octet(2);
    frames.push_back({static_cast<uint8_t>(octet(3)), static_cast<uint8_t>(octet(4)),
                      octet(5) << 24 | octet(6) << 16 | octet(7) << 8 | octet(8),
                      std::string(bytes.substr(9, length))});
    bytes.remove_prefix(9 + length);
  }
  return frames;
}
inline std::vector<SeenFrame> of_type(std::string_view bytes, uint8_t type) {
  std::vector<SeenFrame> found;
  for (SeenFrame& frame : parse(bytes)) {
    if (frame.type == type) found.push_back(std::move(frame));
  }
  return found;
}

}  // namespace outrigger::http2::testing
