#include "proxy/route/absolute_url.h"

#include <algorithm>
#include <cstdint>

#include "api/http/header_map.h"

namespace outrigger::route {
namespace {

bool is_visible(char c) {
  return c > ' ' && c < 0x7f;
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_address_char(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' ||
         c == '.' || c == '%';
}

bool is_port(std::string_view text) {
  uint64_t port = 0;
  return http::parse_decimal(text, port) && port <= 65535;
}

bool is_authority(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  bool with_port = false;
  if (text.starts_with('[')) {
    size_t end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    if (!std::ranges::all_of(text.substr(1, end - 1), is_address_char)) return false;
    std::string_view rest = text.substr(end + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  if (size_t colon = text.find(':'); colon != std::string_view::npos) {
    with_port = true;
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  return !host.empty() && std::ranges::all_of(host, is_host_char) && (!with_port || is_port(port));
}

}  // namespace

std::optional<AbsoluteUrl> parse_absolute_url(std::string_view text) {
  if (!std::ranges::all_of(text, is_visible)) return std::nullopt;
  AbsoluteUrl url;
  size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  url.scheme = text.substr(0, colon);
  url.https = http::equals_ignore_case(url.scheme, "https");
  if (!url.https && !http::equals_ignore_case(url.scheme, "http")) return std::nullopt;
  std::string_view rest = text.substr(colon + 3);
  size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  url.authority = rest.substr(0, end);
  if (!is_authority(url.authority)) return std::nullopt;
  rest = rest.substr(end);
  url.path = rest.substr(0, rest.find('#'));
  if (url.path.empty()) url.path = "/";
  return url;
}

}  // namespace outrigger::route
