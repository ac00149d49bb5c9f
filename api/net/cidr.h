// Cidr: a range of IP addresses, "10.0.0.0/8". A value type. An IPv4 address is never in an IPv6
// range, nor the other way round, also when it is written as an IPv4-mapped IPv6 address.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "api/net/address.h"

namespace outrigger::net {

class Cidr {
 public:
  Cidr() = default;
  // `ip` is a literal, of which the first `prefix_length` bits count. More bits than the address
  // has means all of them. nullopt: not an address.
  static std::optional<Cidr> from_ip(std::string_view ip, uint32_t prefix_length);

  // The range of this size that the address is in; nullopt: no IP address.
  static std::optional<Cidr> around(const Address& address, uint32_t prefix_length);

  bool contains(const Address& address) const;
  int family() const { return family_; }
  uint32_t prefix_length() const { return bits_; }
  // The network's octets; those behind the prefix are 0.
  const std::array<uint8_t, 16>& network() const { return network_; }
  bool operator==(const Cidr&) const = default;

 private:
  int family_ = 0;  // AF_INET, AF_INET6; 0 contains nothing
  uint32_t bits_ = 0;
  std::array<uint8_t, 16> network_{};
};

}  // namespace outrigger::net
