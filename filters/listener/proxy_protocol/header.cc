#include "filters/listener/proxy_protocol/header.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace outrigger::filters::proxy_protocol {
namespace {

using std::string_view;

constexpr string_view kSignature1 = "PROXY ";
constexpr string_view kSignature2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr size_t kMaxLine1 = 107;  // the specification's longest line, with its CRLF
constexpr size_t kHeader2 = 16;
constexpr size_t kAddresses4 = 12;
constexpr size_t kAddresses6 = 36;

bool begins_like(Bytes data, string_view signature) {
  size_t n = std::min(data.size(), signature.size());
  return data.substr(0, n) == signature.substr(0, n);
}

// Envoy's rule: both ends of a TCP connection are hosts.
bool is_unicast(const net::Address& address) {
  if (address.family() == AF_INET) {
    in_addr ip = reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr;
    uint32_t number = ntohl(ip.s_addr);
    return number != INADDR_ANY && number != INADDR_BROADCAST && !IN_MULTICAST(number);
  }
  const in6_addr& ip = reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr;
  return !IN6_IS_ADDR_UNSPECIFIED(&ip) && !IN6_IS_ADDR_MULTICAST(&ip);
}

// Decimal, without leading zeros.
std::optional<uint16_t> parse_port(string_view text) {
  constexpr size_t kMaxDigits = 5;
  if (text.empty() || text.size() > kMaxDigits || (text.size() > 1 && text[0] == '0'))
    return std::nullopt;
  uint32_t port = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port > 0xffff) return std::nullopt;
  return static_cast<uint16_t>(port);
}

bool parse_end(string_view ip, string_view port_text, int family, net::Address& out) {
  auto port = parse_port(port_text);
  auto address = port ? net::Address::from_ip(ip, *port) : std::nullopt;
  if (!address || address->family() != family || !is_unicast(*address)) return false;
  out = *address;
  return true;
}

// The next word of a line whose words have one space between them.
string_view next_word(string_view& line) {
  string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// Behind "PROXY ".
bool parse_line(string_view line, Header& header) {
  string_view protocol = next_word(line);
  if (protocol == "UNKNOWN") {
    header.local = true;
    return true;
  }
  if (protocol != "TCP4" && protocol != "TCP6") return false;
  int family = protocol == "TCP4" ? AF_INET : AF_INET6;
  // Exactly three spaces between four words.
  if (std::count(line.begin(), line.end(), ' ') != 3) return false;
  string_view source = next_word(line), destination = next_word(line);
  string_view source_port = next_word(line);
  return parse_end(source, source_port, family, header.source) &&
         parse_end(destination, line, family, header.destination);
}

uint16_t u16(Bytes data, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(data[at]) << 8 |
                               static_cast<uint8_t>(data[at + 1]));
}

net::Address address4(Bytes ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::memcpy(&address.sin_addr, ip.data(), sizeof address.sin_addr);
  return net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

net::Address address6(Bytes ip, uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, ip.data(), sizeof address.sin6_addr);
  return net::Address::from_sockaddr(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// The addresses at the front of `body`; 0: they are not there.
size_t parse_addresses(uint8_t family, Bytes body, Header& header) {
  constexpr uint8_t kInet = 1, kInet6 = 2;
  if (family == kInet && body.size() >= kAddresses4) {
    header.source = address4(body.substr(0, 4), u16(body, 8));
    header.destination = address4(body.substr(4, 4), u16(body, 10));
    return kAddresses4;
  }
  if (family == kInet6 && body.size() >= kAddresses6) {
    header.source = address6(body.substr(0, 16), u16(body, 32));
    header.destination = address6(body.substr(16, 16), u16(body, 34));
    return kAddresses6;
  }
  return 0;
}

bool parse_tlvs(Bytes body, std::vector<Tlv>& out) {
  constexpr size_t kTlvHeader = 3;
  while (!body.empty()) {
    if (body.size() < kTlvHeader) return false;
    size_t length = u16(body, 1);
    if (body.size() - kTlvHeader < length) return false;
    out.push_back({static_cast<uint8_t>(body[0]), body.substr(kTlvHeader, length)});
    body.remove_prefix(kTlvHeader + length);
  }
  return true;
}

// Version and command, family and transport are right for a connection that somebody made on
// behalf of another.
bool is_proxied_stream(uint8_t family_and_transport) {
  constexpr uint8_t kStream = 1, kDatagram = 2;
  uint8_t transport = family_and_transport & 0x0f;
  return transport == kStream || transport == kDatagram;
}

}  // namespace

Version detect(Bytes data) {
  if (begins_like(data, kSignature1))
    return data.size() >= kSignature1.size() ? Version::v1 : Version::undecided;
  if (begins_like(data, kSignature2))
    return data.size() >= kSignature2.size() ? Version::v2 : Version::undecided;
  return Version::none;
}

HeaderState read_v1(Bytes data, Header& header) {
  size_t end = data.substr(0, kMaxLine1).find("\r\n");
  if (end == Bytes::npos)
    return data.size() >= kMaxLine1 ? HeaderState::wrong : HeaderState::need_more;
  header.size = end + 2;
  string_view line = data.substr(kSignature1.size(), end - kSignature1.size());
  return parse_line(line, header) ? HeaderState::complete : HeaderState::wrong;
}

HeaderState read_v2(Bytes data, Header& header) {
  constexpr uint8_t kVersion2 = 0x20, kLocal = 0x20, kProxy = 0x21;
  if (data.size() <= kSignature2.size()) return HeaderState::need_more;
  auto command = static_cast<uint8_t>(data[kSignature2.size()]);
  if ((command & 0xf0) != kVersion2 || (command != kLocal && command != kProxy))
    return HeaderState::wrong;
  if (data.size() < kHeader2) return HeaderState::need_more;
  size_t length = u16(data, kHeader2 - 2);
  if (data.size() - kHeader2 < length) return HeaderState::need_more;
  header.size = kHeader2 + length;
  header.local = command == kLocal;
  if (header.local) return HeaderState::complete;  // what follows is to be ignored
  Bytes body = data.substr(kHeader2, length);
  auto family = static_cast<uint8_t>(data[kSignature2.size() + 1]);
  size_t addresses = is_proxied_stream(family) ? parse_addresses(family >> 4, body, header) : 0;
  if (addresses == 0 || !is_unicast(header.source) || !is_unicast(header.destination) ||
      !parse_tlvs(body.substr(addresses), header.tlvs))
    return HeaderState::wrong;
  return HeaderState::complete;
}

}  // namespace outrigger::filters::proxy_protocol
