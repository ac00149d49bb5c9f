#include "filters/listener/proxy_protocol/tlv_text.h"

#include <cstdint>

#include "fmt/format.h"

namespace outrigger::filters::proxy_protocol {
namespace {

struct Lead {
  size_t length;      // octets of the character; 0: no character begins so
  uint32_t bits;      // of the first octet
  uint32_t smallest;  // that needs so many octets
};

Lead lead_of(uint8_t octet) {
  if (octet < 0x80) return {1, octet, 0};
  if (octet >= 0xc2 && octet < 0xe0) return {2, octet & 0x1fu, 0x80};
  if (octet >= 0xe0 && octet < 0xf0) return {3, octet & 0x0fu, 0x800};
  if (octet >= 0xf0 && octet < 0xf5) return {4, octet & 0x07u, 0x10000};
  return {0, 0, 0};
}

// The octets of the character at the front; 0: there is none.
size_t character_size(std::string_view text) {
  Lead lead = lead_of(static_cast<uint8_t>(text[0]));
  if (lead.length == 0 || text.size() < lead.length) return 0;
  uint32_t code = lead.bits;
  for (size_t i = 1; i < lead.length; ++i) {
    auto octet = static_cast<uint8_t>(text[i]);
    if ((octet & 0xc0) != 0x80) return 0;
    code = code << 6 | (octet & 0x3f);
  }
  bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < lead.smallest || code > 0x10ffff || surrogate ? 0 : lead.length;
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<uint8_t>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string utf8_text(std::string_view octets) {
  std::string out;
  while (!octets.empty()) {
    size_t size = character_size(octets);
    out += size == 0 ? std::string_view("!") : octets.substr(0, size);
    octets.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string json_text(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out = "{";
  for (const auto& [key, value] : members) {
    if (out.size() > 1) out += ',';
    append_json(out, key);
    out += ':';
    append_json(out, value);
  }
  return out + "}";
}

}  // namespace outrigger::filters::proxy_protocol
