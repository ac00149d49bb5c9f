#include "api/net/cidr.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace outrigger::net {
namespace {

// The address in network order; 0: no IP address.
size_t octets(const Address& address, std::array<uint8_t, 16>& out) {
  if (address.family() == AF_INET) {
    std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr, 4);
    return 4;
  }
  if (address.family() != AF_INET6) return 0;
  std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr, 16);
  return 16;
}

}  // namespace

std::optional<Cidr> Cidr::from_ip(std::string_view ip, uint32_t prefix_length) {
  std::optional<Address> address = Address::from_ip(ip, 0);
  if (!address) return std::nullopt;
  return around(*address, prefix_length);
}

std::optional<Cidr> Cidr::around(const Address& address, uint32_t prefix_length) {
  Cidr result;
  size_t size = octets(address, result.network_);
  if (size == 0) return std::nullopt;
  result.family_ = address.family();
  result.bits_ = std::min(prefix_length, static_cast<uint32_t>(size * 8));
  size_t whole = result.bits_ / 8;
  if (whole < size) {
    result.network_[whole] &= static_cast<uint8_t>(0xff00 >> (result.bits_ % 8));
    std::fill(result.network_.begin() + static_cast<ptrdiff_t>(whole) + 1, result.network_.end(),
              uint8_t{0});
  }
  return result;
}

bool Cidr::contains(const Address& address) const {
  std::array<uint8_t, 16> other{};
  if (address.family() != family_ || octets(address, other) == 0) return false;
  uint32_t whole = bits_ / 8;
  if (std::memcmp(network_.data(), other.data(), whole) != 0) return false;
  uint32_t rest = bits_ % 8;
  if (rest == 0) return true;
  auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return ((network_[whole] ^ other[whole]) & mask) == 0;
}

}  // namespace outrigger::net
