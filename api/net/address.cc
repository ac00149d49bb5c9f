#include "api/net/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace outrigger::net {
namespace {

bool private_v4(uint32_t ip) {
  return (ip >> 24) == 10 || (ip >> 24) == 127 || (ip >> 20) == 0xac1 || (ip >> 16) == 0xc0a8;
}

// 0 for a family whose addresses vary in length.
socklen_t ip_length(sa_family_t family) {
  if (family == AF_INET) return sizeof(sockaddr_in);
  return family == AF_INET6 ? sizeof(sockaddr_in6) : 0;
}

}  // namespace

std::optional<Address> Address::from_ip(std::string_view ip, uint16_t port) {
  std::string text(ip);
  sockaddr_in in4{};
  if (inet_pton(AF_INET, text.c_str(), &in4.sin_addr) == 1) {
    in4.sin_family = AF_INET;
    in4.sin_port = htons(port);
    return from_sockaddr(reinterpret_cast<const sockaddr*>(&in4), sizeof in4);
  }
  sockaddr_in6 in6{};
  if (inet_pton(AF_INET6, text.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    return from_sockaddr(reinterpret_cast<const sockaddr*>(&in6), sizeof in6);
  }
  return std::nullopt;
}

std::optional<Address> Address::from_unix_path(std::string_view path) {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof un.sun_path) return std::nullopt;
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  if (path.front() == '@') un.sun_path[0] = '\0';  // abstract
  size_t terminator = path.front() == '@' ? 0 : 1;
  return from_sockaddr(
      reinterpret_cast<const sockaddr*>(&un),
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + terminator));
}

std::optional<Address> Address::from_internal(std::string_view listener,
                                              std::string_view endpoint_id) {
  constexpr size_t kMaxNames = 120;
  static_assert(sizeof(sa_family_t) + kMaxNames + 1 <= sizeof(sockaddr_storage));
  bool fits = listener.size() + endpoint_id.size() <= kMaxNames;
  if (!fits || listener.empty() || listener.find('\0') != std::string_view::npos)
    return std::nullopt;
  sockaddr_storage storage{};
  storage.ss_family = static_cast<sa_family_t>(kInternalFamily);
  char* text = reinterpret_cast<char*>(&storage) + sizeof(sa_family_t);
  std::memcpy(text, listener.data(), listener.size());
  if (!endpoint_id.empty())
    std::memcpy(text + listener.size() + 1, endpoint_id.data(), endpoint_id.size());
  return from_sockaddr(
      reinterpret_cast<const sockaddr*>(&storage),
      static_cast<socklen_t>(sizeof(sa_family_t) + listener.size() + 1 + endpoint_id.size()));
}

// Behind the family: the listener's name, a zero octet, the endpoint's id. Zero octets follow.
const char* Address::internal_text() const {
  return reinterpret_cast<const char*>(data()) + sizeof(sa_family_t);
}

std::string_view Address::internal_listener() const {
  return is_internal() ? std::string_view(internal_text()) : std::string_view();
}

std::string_view Address::internal_endpoint_id() const {
  if (!is_internal()) return {};
  size_t before = internal_listener().size() + 1;
  return {internal_text() + before, length_ - sizeof(sa_family_t) - before};
}

Address Address::from_sockaddr(const sockaddr* address, socklen_t length) {
  Address result;
  if (length < sizeof(sa_family_t) || length > sizeof(sockaddr_storage)) return result;
  // The system need not say how much of the room it used: SO_ORIGINAL_DST does not.
  socklen_t of_family = ip_length(address->sa_family);
  if (length < of_family) return result;
  if (of_family != 0) length = of_family;
  result.length_ = length;
  if (length <= sizeof result.short_) {
    std::memcpy(&result.short_, address, length);
  } else {
    auto storage = std::make_shared<sockaddr_storage>();
    std::memcpy(storage.get(), address, length);
    result.long_ = std::move(storage);
  }
  return result;
}

bool Address::is_loopback() const {
  if (family() == AF_INET) return (ntohl(short_.v4.sin_addr.s_addr) >> 24) == 127;
  if (family() == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&short_.v6.sin6_addr);
  return false;
}

bool Address::is_private() const {
  if (family() == AF_INET) return private_v4(ntohl(short_.v4.sin_addr.s_addr));
  if (family() != AF_INET6) return is_unix() || is_internal();
  const in6_addr& ip = short_.v6.sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ip)) {
    uint32_t mapped = 0;
    std::memcpy(&mapped, ip.s6_addr + 12, 4);
    return private_v4(ntohl(mapped));
  }
  return IN6_IS_ADDR_LOOPBACK(&ip) || (ip.s6_addr[0] & 0xfe) == 0xfc;
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(short_.v4.sin_port);
  if (family() == AF_INET6) return ntohs(short_.v6.sin6_port);
  return 0;
}

Address Address::with_port(uint16_t port) const {
  Address copy = *this;
  if (family() == AF_INET) copy.short_.v4.sin_port = htons(port);
  if (family() == AF_INET6) copy.short_.v6.sin6_port = htons(port);
  return copy;
}

std::string Address::ip_text() const {
  char text[INET6_ADDRSTRLEN];
  if (family() == AF_INET) return inet_ntop(AF_INET, &short_.v4.sin_addr, text, sizeof text);
  if (family() == AF_INET6) return inet_ntop(AF_INET6, &short_.v6.sin6_addr, text, sizeof text);
  if (family() == AF_UNIX) {
    const char* path = reinterpret_cast<const char*>(data()) + offsetof(sockaddr_un, sun_path);
    size_t size = length_ - offsetof(sockaddr_un, sun_path);
    if (size == 0) return "";
    if (path[0] == '\0') return "@" + std::string(path + 1, size - 1);
    return std::string(path, strnlen(path, size));
  }
  if (is_internal()) return std::string(internal_listener());
  return "";
}

std::string Address::text() const {
  if (family() == AF_INET) return ip_text() + ":" + std::to_string(port());
  if (family() == AF_INET6) return "[" + ip_text() + "]:" + std::to_string(port());
  if (is_internal())
    return "envoy://" + std::string(internal_listener()) + "/" +
           std::string(internal_endpoint_id());
  return ip_text();
}

bool Address::operator==(const Address& other) const {
  return length_ == other.length_ && std::memcmp(data(), other.data(), length_) == 0;
}

}  // namespace outrigger::net
