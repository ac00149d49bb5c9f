#include "proxy/upstream/proxy_header.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include <fmt/format.h>

namespace outrigger::upstream {
namespace {

using config::TransportSocket;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kMaxTlvBytes = std::numeric_limits<uint16_t>::max() - 36;  // 36: two IPv6 ends

bool both_v4(const net::Address& source, const net::Address& destination) {
  return source.family() == AF_INET && destination.family() == AF_INET;
}

// As octets; an IPv4 address beside an IPv6 one is written as an IPv6 address.
std::string octets(const net::Address& address, bool v4) {
  if (address.family() == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address.data());
    std::string four(reinterpret_cast<const char*>(&in->sin_addr), 4);
    return v4 ? four : std::string(10, '\0') + "\xff\xff" + four;
  }
  const auto* in = reinterpret_cast<const sockaddr_in6*>(address.data());
  return {reinterpret_cast<const char*>(&in->sin6_addr), 16};
}

void append_number(std::string& out, size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xff));
  out.push_back(static_cast<char>(value & 0xff));
}

std::string version1(const net::Address& source, const net::Address& destination) {
  if (!source.is_ip() || !destination.is_ip()) return "PROXY UNKNOWN\r\n";
  bool v4 = both_v4(source, destination);
  auto text = [&](const net::Address& address) {
    return (v4 || address.family() == AF_INET6 ? "" : "::ffff:") + address.ip_text();
  };
  return fmt::format("PROXY {} {} {} {} {}\r\n", v4 ? "TCP4" : "TCP6", text(source),
                     text(destination), source.port(), destination.port());
}

void append_tlv(std::string& out, uint8_t type, std::string_view value) {
  if (value.size() > kMaxTlvBytes || out.size() + 3 + value.size() > kMaxTlvBytes) return;
  out.push_back(static_cast<char>(type));
  append_number(out, value.size());
  out.append(value);
}

// What the configuration adds, then what the downstream's header had and may pass; a type that is
// added replaces the downstream's.
std::string tlvs_of(const TransportSocket& socket, const DownstreamConnectionInfo& connection) {
  std::string out;
  for (const config::ProxyProtocolTlv& tlv : socket.added_tlvs)
    append_tlv(out, tlv.type, tlv.value);
  if (connection.extras == nullptr || !connection.extras->proxy_protocol) return out;
  for (const auto& [type, value] : connection.extras->proxy_protocol->tlvs) {
    const auto& passed = socket.pass_through_tlvs;
    if (!socket.pass_all_tlvs && std::find(passed.begin(), passed.end(), type) == passed.end())
      continue;
    bool replaced =
        std::any_of(socket.added_tlvs.begin(), socket.added_tlvs.end(),
                    [t = type](const config::ProxyProtocolTlv& tlv) { return tlv.type == t; });
    if (!replaced) append_tlv(out, type, value);
  }
  return out;
}

std::string version2(const TransportSocket& socket, const DownstreamConnectionInfo* connection) {
  std::string out(kSignature);
  if (connection == nullptr || !connection->remote.is_ip() || !connection->local.is_ip()) {
    out.append("\x20\x00\x00\x00", 4);  // LOCAL, unspecified, no addresses
    return out;
  }
  bool v4 = both_v4(connection->remote, connection->local);
  std::string tlvs = tlvs_of(socket, *connection);
  out.push_back('\x21');  // version 2, PROXY
  out.push_back(v4 ? '\x11' : '\x21');
  append_number(out, (v4 ? 12 : 36) + tlvs.size());
  out += octets(connection->remote, v4);
  out += octets(connection->local, v4);
  append_number(out, connection->remote.port());
  append_number(out, connection->local.port());
  return out + tlvs;
}

}  // namespace

std::string make_proxy_header(const TransportSocket& socket,
                              const DownstreamConnectionInfo* connection) {
  switch (socket.proxy_protocol) {
    case config::ProxyProtocolVersion::none:
      break;
    case config::ProxyProtocolVersion::v1:
      return connection == nullptr ? version1({}, {})
                                   : version1(connection->remote, connection->local);
    case config::ProxyProtocolVersion::v2:
      return version2(socket, connection);
  }
  return {};
}

}  // namespace outrigger::upstream
