#include "api/dns_cache.h"

#include <algorithm>
#include <charconv>

#include "api/net/address.h"

namespace outrigger {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_char(char c) {
  char low = lower(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

// Labels as DNS has them: 1 to 63 octets each; one dot may stand behind the last.
bool is_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  constexpr size_t kMaxLabel = 63;
  while (true) {
    size_t dot = std::min(name.find('.'), name.size());
    if (dot == 0 || dot > kMaxLabel) return false;
    if (!std::all_of(name.begin(), name.begin() + static_cast<ptrdiff_t>(dot), is_name_char))
      return false;
    if (dot == name.size()) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_ipv6(std::string_view text) {
  auto address = net::Address::from_ip(text, 0);
  return address && address->family() == AF_INET6;
}

struct Parts {
  std::string_view name;
  std::string_view port;  // empty: none
  bool ipv6 = false;
};

std::optional<Parts> split(std::string_view authority) {
  if (authority.starts_with('[')) {
    size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) return std::nullopt;
    Parts parts{authority.substr(1, end - 1), rest.substr(std::min<size_t>(1, rest.size())), true};
    if (!is_ipv6(parts.name)) return std::nullopt;
    return parts;
  }
  size_t colon = authority.find(':');
  if (colon == std::string_view::npos) return Parts{authority, {}, false};
  if (authority.find(':', colon + 1) != std::string_view::npos) {
    if (!is_ipv6(authority)) return std::nullopt;
    return Parts{authority, {}, true};
  }
  if (colon + 1 == authority.size()) return std::nullopt;
  return Parts{authority.substr(0, colon), authority.substr(colon + 1), false};
}

bool parse_port(std::string_view text, uint16_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out != 0;
}

}  // namespace

void DnsHostKey::append(std::string_view part) {
  for (char c : part) text_[size_++] = lower(c);
}

std::optional<DnsHostKey> DnsHostKey::parse(std::string_view authority, uint16_t default_port) {
  std::optional<Parts> parts = split(authority);
  if (!parts || parts->name.size() > kMaxName) return std::nullopt;
  if (!parts->ipv6 && !is_name(parts->name)) return std::nullopt;
  DnsHostKey key;
  key.port_ = default_port;
  if (!parts->port.empty() && !parse_port(parts->port, key.port_)) return std::nullopt;
  if (parts->ipv6) key.append("[");
  key.name_begin_ = key.size_;
  key.append(parts->name);
  key.name_size_ = static_cast<uint16_t>(key.size_ - key.name_begin_);
  if (parts->ipv6) key.append("]");
  char port[6] = {':'};
  char* end = std::to_chars(port + 1, port + sizeof(port), key.port_).ptr;
  key.append({port, static_cast<size_t>(end - port)});
  return key;
}

}  // namespace outrigger
