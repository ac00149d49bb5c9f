// Strings and octets.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"

#include "xds/rules.h"

namespace outrigger::xds {
namespace {

constexpr size_t kMaxHostname = 253;
constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxEmail = 254;
constexpr size_t kMaxLocalPart = 64;

size_t utf8_length(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_alnum(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c));
}

bool is_ip(const std::string& text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return text.find('\0') == std::string::npos &&
         inet_pton(family, text.c_str(), address.data()) == 1;
}

bool is_hostname(absl::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.empty() || text.size() > kMaxHostname) return false;
  for (absl::string_view label : absl::StrSplit(text, '.')) {
    if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; }))
      return false;
  }
  return true;
}

bool is_email(absl::string_view text) {
  size_t at = text.rfind('@');
  if (at == absl::string_view::npos || at == 0 || at > kMaxLocalPart || text.size() > kMaxEmail)
    return false;
  absl::string_view local = text.substr(0, at);
  bool local_ok = std::all_of(local.begin(), local.end(),
                              [](char c) { return c > ' ' && c < 0x7f && c != '@'; });
  return local_ok && is_hostname(text.substr(at + 1));
}

// Generic syntax of RFC 3986: no character that must be escaped, "%" only before two digits.
bool is_uri_text(absl::string_view text) {
  constexpr absl::string_view kAllowed = "-._~:/?#[]@!$&'()*+,;=%";
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_alnum(text[i]) && kAllowed.find(text[i]) == absl::string_view::npos) return false;
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      return false;
    }
  }
  return true;
}

bool is_uri(absl::string_view text) {
  size_t colon = text.find(':');
  if (colon == absl::string_view::npos || colon == 0 ||
      !absl::ascii_isalpha(static_cast<unsigned char>(text[0])))
    return false;
  absl::string_view scheme = text.substr(0, colon);
  bool scheme_ok = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_alnum(c) || c == '+' || c == '-' || c == '.';
  });
  return scheme_ok && is_uri_text(text);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i])))
      return false;
  }
  return true;
}

// All that names and values without `strict` must keep: nothing in them ends a header.
bool is_header_text(std::string_view text) {
  return text.find_first_of(std::string_view("\0\n\r", 3)) == std::string_view::npos;
}

bool is_header_name(std::string_view text, bool strict) {
  if (!strict) return is_header_text(text);
  if (!text.empty() && text.front() == ':') text.remove_prefix(1);
  constexpr std::string_view kToken = "!#$%&'*+,-.^_|~`";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alnum(c) || kToken.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text, bool strict) {
  if (!strict) return is_header_text(text);
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
  });
}

std::string shown(const std::string& value) {
  constexpr size_t kShown = 64;
  return value.size() <= kShown ? value : fmt::format("{}...", value.substr(0, kShown));
}

Broken check_well_known(const validate::StringRules& rules, const std::string& value) {
  auto unless = [&](bool right, const char* what) -> Broken {
    if (right) return std::nullopt;
    return fmt::format("value must be {} (is '{}')", what, shown(value));
  };
  bool strict = !rules.has_strict() || rules.strict();
  bool any_ip = is_ip(value, AF_INET) || is_ip(value, AF_INET6);
  switch (rules.well_known_case()) {
    case validate::StringRules::kEmail:
      return unless(!rules.email() || is_email(value), "a valid email address");
    case validate::StringRules::kHostname:
      return unless(!rules.hostname() || is_hostname(value), "a valid hostname");
    case validate::StringRules::kIp:
      return unless(!rules.ip() || any_ip, "a valid IP address");
    case validate::StringRules::kIpv4:
      return unless(!rules.ipv4() || is_ip(value, AF_INET), "a valid IPv4 address");
    case validate::StringRules::kIpv6:
      return unless(!rules.ipv6() || is_ip(value, AF_INET6), "a valid IPv6 address");
    case validate::StringRules::kUri:
      return unless(!rules.uri() || is_uri(value), "a valid absolute URI");
    case validate::StringRules::kUriRef:
      return unless(!rules.uri_ref() || is_uri_text(value), "a valid URI");
    case validate::StringRules::kAddress:
      return unless(!rules.address() || any_ip || is_hostname(value),
                    "a valid hostname or IP address");
    case validate::StringRules::kUuid:
      return unless(!rules.uuid() || is_uuid(value), "a valid UUID");
    case validate::StringRules::kWellKnownRegex:
      if (rules.well_known_regex() == validate::HTTP_HEADER_NAME)
        return unless(is_header_name(value, strict), "a valid header name");
      if (rules.well_known_regex() == validate::HTTP_HEADER_VALUE)
        return unless(is_header_value(value, strict), "a valid header value");
      return std::nullopt;
    case validate::StringRules::WELL_KNOWN_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

// 0 stands for "no such rule" of the exact and the least length, and cannot be told from it.
struct Length {
  uint64_t exact = 0;
  uint64_t min = 0;
  uint64_t max = UINT64_MAX;
};

Broken check_length(const Length& length, uint64_t size, const char* unit) {
  if (length.exact != 0 && size != length.exact)
    return fmt::format("value length must be {} {} (is {})", length.exact, unit, size);
  if (size < length.min)
    return fmt::format("value length must be at least {} {} (is {})", length.min, unit, size);
  if (size > length.max)
    return fmt::format("value length must be at most {} {} (is {})", length.max, unit, size);
  return std::nullopt;
}

template <class Rules>
Length length_of(const Rules& rules) {
  return {rules.len(), rules.min_len(), rules.has_max_len() ? rules.max_len() : UINT64_MAX};
}

// Rules that strings and octets share.
template <class Rules>
Broken check_content(const Rules& rules, const std::string& value, Schema& schema) {
  if (rules.has_const_() && value != rules.const_())
    return fmt::format("value must equal '{}' (is '{}')", rules.const_(), shown(value));
  if (rules.has_prefix() && !absl::StartsWith(value, rules.prefix()))
    return fmt::format("value must have the prefix '{}'", rules.prefix());
  if (rules.has_suffix() && !absl::EndsWith(value, rules.suffix()))
    return fmt::format("value must have the suffix '{}'", rules.suffix());
  if (rules.has_contains() && !absl::StrContains(value, rules.contains()))
    return fmt::format("value must contain '{}'", rules.contains());
  auto listed = [&value](const auto& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  if (rules.in_size() > 0 && !listed(rules.in())) {
    return fmt::format("value must be one of {} (is '{}')", absl::StrJoin(rules.in(), ", "),
                       shown(value));
  }
  if (listed(rules.not_in()))
    return fmt::format("value must not be one of {}", absl::StrJoin(rules.not_in(), ", "));
  if (!rules.has_pattern()) return std::nullopt;
  const RE2* pattern = schema.pattern(rules.pattern());
  if (pattern != nullptr && RE2::PartialMatch(value, *pattern)) return std::nullopt;
  return fmt::format("value must match the pattern '{}' (is '{}')", rules.pattern(), shown(value));
}

}  // namespace

Broken check_string(const validate::StringRules& rules, const std::string& value, Schema& schema) {
  if (rules.ignore_empty() && value.empty()) return std::nullopt;
  if (Broken broken = check_length(length_of(rules), utf8_length(value), "characters"))
    return broken;
  Length bytes{rules.len_bytes(), rules.min_bytes(),
               rules.has_max_bytes() ? rules.max_bytes() : UINT64_MAX};
  if (Broken broken = check_length(bytes, value.size(), "bytes")) return broken;
  if (rules.has_not_contains() && absl::StrContains(value, rules.not_contains())) {
    return fmt::format("value must not contain '{}'", rules.not_contains());
  }
  if (Broken broken = check_content(rules, value, schema)) return broken;
  return check_well_known(rules, value);
}

Broken check_bytes(const validate::BytesRules& rules, const std::string& value, Schema& schema) {
  if (rules.ignore_empty() && value.empty()) return std::nullopt;
  if (Broken broken = check_length(length_of(rules), value.size(), "bytes")) return broken;
  if (Broken broken = check_content(rules, value, schema)) return broken;
  auto is_size = [&value](size_t size) { return value.size() == size; };
  if (rules.ip() && !is_size(4) && !is_size(16))
    return "value must be an IP address of 4 or 16 bytes";
  if (rules.ipv4() && !is_size(4)) return "value must be an IPv4 address of 4 bytes";
  if (rules.ipv6() && !is_size(16)) return "value must be an IPv6 address of 16 bytes";
  return std::nullopt;
}

}  // namespace outrigger::xds
