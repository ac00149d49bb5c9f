#include "proxy/observe/log_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace outrigger::observe {
namespace {

char* put_number(char* to, unsigned value) {
  char digits[5];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) *to++ = digits[--count];
  return to;
}

char* put_ipv4(char* to, const sockaddr_in& address) {
  uint32_t ip = ntohl(address.sin_addr.s_addr);
  for (int shift = 24; shift >= 0; shift -= 8) {
    to = put_number(to, (ip >> shift) & 0xff);
    if (shift != 0) *to++ = '.';
  }
  return to;
}

char* put_ipv6(char* to, const sockaddr_in6& address) {
  inet_ntop(AF_INET6, &address.sin6_addr, to, INET6_ADDRSTRLEN);
  return to + std::strlen(to);
}

}  // namespace

std::string_view address_text(const net::Address& address, bool with_port, char* to) {
  char* at = to;
  if (address.family() == AF_INET) {
    at = put_ipv4(at, *reinterpret_cast<const sockaddr_in*>(address.data()));
  } else if (address.family() == AF_INET6) {
    if (with_port) *at++ = '[';
    at = put_ipv6(at, *reinterpret_cast<const sockaddr_in6*>(address.data()));
    if (with_port) *at++ = ']';
  } else {
    std::string path = address.text();
    size_t size = std::min(path.size(), kMaxAddressText);
    std::memcpy(to, path.data(), size);
    return {to, size};
  }
  if (with_port) {
    *at++ = ':';
    at = put_number(at, address.port());
  }
  return {to, static_cast<size_t>(at - to)};
}

std::string_view network_text(const net::Address& address, unsigned bits, char* to) {
  unsigned all = address.family() == AF_INET ? 32 : 128;
  bits = std::min(bits, all);
  sockaddr_storage masked{};
  std::memcpy(&masked, address.data(), address.length());
  auto* octets =
      address.family() == AF_INET
          ? reinterpret_cast<unsigned char*>(&reinterpret_cast<sockaddr_in*>(&masked)->sin_addr)
          : reinterpret_cast<sockaddr_in6*>(&masked)->sin6_addr.s6_addr;
  for (unsigned bit = bits; bit < all; ++bit)
    octets[bit / 8] &= static_cast<unsigned char>(~(0x80u >> (bit % 8)));
  net::Address network =
      net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&masked), address.length());
  size_t size = address_text(network, false, to).size();
  to[size] = '/';
  char* end = put_number(to + size + 1, bits);
  return {to, static_cast<size_t>(end - to)};
}

}  // namespace outrigger::observe
