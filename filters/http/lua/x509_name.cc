#include "filters/http/lua/x509_name.h"

#include <algorithm>

namespace outrigger::filters::lua {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The value that begins at `text`, up to an unescaped end of its part; `text` is left there.
std::string take_value(std::string_view& text) {
  std::string value;
  while (!text.empty() && text.front() != ',' && text.front() != '+') {
    char c = text.front();
    text.remove_prefix(1);
    if (c != '\\' || text.empty()) {
      value += c;
      continue;
    }
    int high = hex_digit(text[0]);
    int low = text.size() > 1 ? hex_digit(text[1]) : -1;
    if (high >= 0 && low >= 0) {
      value += static_cast<char>(high * 16 + low);
      text.remove_prefix(2);
    } else {
      value += text.front();
      text.remove_prefix(1);
    }
  }
  return value;
}

}  // namespace

// The text has the name's parts from the last to the first.
X509Name parse_x509_name(std::string_view text) {
  X509Name name;
  while (!text.empty()) {
    size_t equals = text.find('=');
    if (equals == std::string_view::npos) break;
    std::string_view key = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    std::string value = take_value(text);
    if (key == "CN")
      name.common_name = std::move(value);
    else if (key == "O")
      name.organizations.push_back(std::move(value));
    if (!text.empty()) text.remove_prefix(1);
  }
  std::reverse(name.organizations.begin(), name.organizations.end());
  return name;
}

}  // namespace outrigger::filters::lua
