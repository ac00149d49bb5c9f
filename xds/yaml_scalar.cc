#include "xds/yaml_scalar.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace outrigger::xds {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

// "yes", "Yes" and "YES", but not "yEs".
bool flexible_case(std::string_view text) {
  bool rest_lower = true;
  bool rest_upper = true;
  for (char c : text.substr(1)) {
    rest_lower &= is_lower(c);
    rest_upper &= is_upper(c);
  }
  return is_lower(text[0]) ? rest_lower : is_upper(text[0]) && (rest_lower || rest_upper);
}

std::optional<bool> as_boolean(std::string_view plain) {
  if (plain.size() > 5 || !flexible_case(plain)) return std::nullopt;
  std::string word;
  for (char c : plain) word += lower(c);
  for (const char* yes : {"true", "yes", "on", "y"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "n"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

// Decimal, 0x hexadecimal and 0 octal numbers that fit 64 bits.
std::optional<int64_t> as_integer(std::string_view plain) {
  bool negative = plain.front() == '-';
  if (negative || plain.front() == '+') plain.remove_prefix(1);
  unsigned base = 10;
  if (plain.size() > 2 && plain[0] == '0' && lower(plain[1]) == 'x') {
    base = 16;
    plain.remove_prefix(2);
  } else if (plain.size() > 1 && plain[0] == '0') {
    base = 8;
    plain.remove_prefix(1);
  }
  if (plain.empty()) return std::nullopt;
  uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  uint64_t value = 0;
  for (char c : plain) {
    auto digit = static_cast<unsigned>(digit_value(c));
    if (digit >= base || value > (limit - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  return static_cast<int64_t>(negative ? 0 - value : value);
}

}  // namespace

Node::Kind resolve_plain_scalar(std::string_view plain, std::string& text) {
  text = plain;
  if (plain.empty() || plain == "~" || plain == "null" || plain == "Null" || plain == "NULL") {
    return Node::Kind::null;
  }
  if (std::optional<bool> boolean = as_boolean(plain)) {
    text = *boolean ? "true" : "false";
    return Node::Kind::boolean;
  }
  if (std::optional<int64_t> integer = as_integer(plain)) {
    text = std::to_string(*integer);
    return Node::Kind::number;
  }
  return Node::Kind::string;
}

}  // namespace outrigger::xds
