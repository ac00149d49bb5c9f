#include "filters/listener/tls_inspector/fingerprint.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include <openssl/evp.h>

namespace outrigger::filters::tls_inspector {
namespace {

using Numbers = std::vector<uint16_t>;

// RFC 8701: values that clients send to keep servers tolerant; they say nothing of the client.
bool is_grease(uint16_t id) {
  return (id & 0x0f0f) == 0x0a0a && id >> 8 == (id & 0xff);
}

Numbers numbers(Bytes list) {
  Numbers out;
  for (Cursor cursor(list); cursor.size() >= 2;) out.push_back(cursor.u16());
  return out;
}

Numbers without_grease(Numbers all) {
  std::erase_if(all, is_grease);
  return all;
}

Numbers extension_types(const ClientHello& hello) {
  Numbers out;
  for (Cursor cursor(hello.extensions); cursor.ok() && !cursor.empty();) {
    out.push_back(cursor.u16());
    cursor.prefixed16();
  }
  return without_grease(std::move(out));
}

// The list of an extension that is a length and numbers of 16 bits.
Numbers extension_numbers(const ClientHello& hello, uint16_t type) {
  bool found = false;
  Cursor content(hello.extension(type, found));
  content.u16();
  return numbers(content.take(content.size()));
}

std::string hex_digest(const EVP_MD* kind, const std::string& text, size_t octets) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, kind, nullptr) != 1) return {};
  std::string out;
  for (size_t i = 0; i < octets && i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

// JA4's short hash of a list; of an empty one: zeros.
std::string short_hash(const Numbers& list, const Numbers& appended) {
  constexpr size_t kOctets = 6;
  if (list.empty()) return std::string(kOctets * 2, '0');
  std::string text = fmt::format("{:04x}", fmt::join(list, ","));
  if (!appended.empty()) text += fmt::format("_{:04x}", fmt::join(appended, ","));
  return hex_digest(EVP_sha256(), text, kOctets);
}

const char* version_text(uint16_t version) {
  switch (version) {
    case 0x0304:
      return "13";
    case 0x0303:
      return "12";
    case 0x0302:
      return "11";
    case 0x0301:
      return "10";
    default:
      return "00";
  }
}

const char* highest_version(const ClientHello& hello) {
  bool found = false;
  Cursor content(hello.extension(kSupportedVersions, found));
  Numbers offered = without_grease(numbers(content.prefixed8()));
  if (offered.empty()) return version_text(hello.version);
  return version_text(*std::max_element(offered.begin(), offered.end()));
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The first and the last character of the first protocol.
std::string protocol_text(const ClientHello& hello) {
  std::vector<std::string_view> protocols = hello.application_protocols();
  if (protocols.empty()) return "00";
  char first = protocols.front().front(), last = protocols.front().back();
  if (is_alphanumeric(first) && is_alphanumeric(last)) return {first, last};
  return fmt::format("{:x}{:x}", static_cast<uint8_t>(first) >> 4, last & 0x0f);
}

}  // namespace

std::string ja3(const ClientHello& hello) {
  constexpr size_t kMd5 = 16;
  Numbers formats;
  bool found = false;
  Cursor content(hello.extension(kPointFormats, found));
  for (char format : content.prefixed8()) formats.push_back(static_cast<uint8_t>(format));
  std::string text = fmt::format(
      "{},{},{},{},{}", hello.version, fmt::join(without_grease(numbers(hello.cipher_suites)), "-"),
      fmt::join(extension_types(hello), "-"),
      // As in Envoy, unlike in other implementations, GREASE groups count.
      fmt::join(extension_numbers(hello, kSupportedGroups), "-"), fmt::join(formats, "-"));
  return hex_digest(EVP_md5(), text, kMd5);
}

std::string ja4(const ClientHello& hello) {
  constexpr size_t kMostCounted = 99;
  bool has_name = false;
  hello.extension(kServerName, has_name);
  Numbers ciphers = without_grease(numbers(hello.cipher_suites));
  Numbers types = extension_types(hello);
  size_t type_count = types.size();
  std::erase_if(types, [](uint16_t t) { return t == kServerName || t == kApplicationProtocols; });
  std::sort(ciphers.begin(), ciphers.end());
  std::sort(types.begin(), types.end());
  return fmt::format("t{}{}{:02}{:02}{}_{}_{}", highest_version(hello), has_name ? 'd' : 'i',
                     std::min(ciphers.size(), kMostCounted), std::min(type_count, kMostCounted),
                     protocol_text(hello), short_hash(ciphers, {}),
                     short_hash(types, extension_numbers(hello, kSignatureAlgorithms)));
}

}  // namespace outrigger::filters::tls_inspector
