// Address: where a socket listens, connects to or comes from: IPv4, IPv6, a Unix path ("@name" is
// abstract), or the name of a listener of this process. A value type.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace outrigger::net {

class Address {
 public:
  Address() = default;
  // `ip` is a literal ("10.0.0.1", "::1"); nullopt if it is not one.
  static std::optional<Address> from_ip(std::string_view ip, uint16_t port);
  static std::optional<Address> from_unix_path(std::string_view path);
  // An internal listener, which no socket leads to; nullopt: the names are too long (together 120
  // octets). `endpoint_id` tells connections to the same listener apart; it may be empty.
  static std::optional<Address> from_internal(std::string_view listener,
                                              std::string_view endpoint_id);
  static Address from_sockaddr(const sockaddr* address, socklen_t length);

  bool valid() const { return length_ != 0; }
  int family() const { return length_ == 0 ? AF_UNSPEC : data()->sa_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }
  bool is_unix() const { return family() == AF_UNIX; }
  bool is_internal() const { return family() == kInternalFamily; }
  std::string_view internal_listener() const;  // of an internal address
  std::string_view internal_endpoint_id() const;
  bool is_loopback() const;
  // RFC 1918, RFC 4193 and loopback: what Envoy calls an internal address.
  bool is_private() const;
  uint16_t port() const;
  Address with_port(uint16_t port) const;
  std::string ip_text() const;  // without port; the path of a Unix address
  // "10.0.0.1:80", "[::1]:80", "/run/x.sock", "envoy://listener/endpoint"
  std::string text() const;
  const sockaddr* data() const {
    return long_ == nullptr ? &short_.any : reinterpret_cast<const sockaddr*>(long_.get());
  }
  socklen_t length() const { return length_; }
  bool operator==(const Address& other) const;

 private:
  static constexpr int kInternalFamily = 0xfffe;  // no family of the system's

  const char* internal_text() const;

  // Connections and endpoints hold several addresses each, nearly all of them IP: these stand here,
  // a longer one (Unix path, internal name) is shared.
  union Short {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  Short short_{};
  socklen_t length_ = 0;
  std::shared_ptr<const sockaddr_storage> long_;
};

}  // namespace outrigger::net
