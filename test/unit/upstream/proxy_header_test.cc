// The PROXY protocol header, octet by octet.
#include "proxy/upstream/proxy_header.h"

#include <gtest/gtest.h>

namespace outrigger::upstream::test {
namespace {

using std::string_literals::operator""s;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

class ProxyHeader : public ::testing::Test {
 protected:
  ProxyHeader() { ends("192.0.2.1", 258, "198.51.100.2", 80); }
  void ends(const char* from, uint16_t from_port, const char* to, uint16_t to_port) {
    info_.remote = *net::Address::from_ip(from, from_port);
    info_.local = *net::Address::from_ip(to, to_port);
  }
  std::string make(config::ProxyProtocolVersion version) {
    socket_.proxy_protocol = version;
    return make_proxy_header(socket_, &info_);
  }
  static constexpr auto v1 = config::ProxyProtocolVersion::v1;
  static constexpr auto v2 = config::ProxyProtocolVersion::v2;

  config::TransportSocket socket_;
  DownstreamConnectionInfo info_;
};

TEST_F(ProxyHeader, NoneWithoutAVersion) {
  EXPECT_EQ(make(config::ProxyProtocolVersion::none), "");
}

TEST_F(ProxyHeader, Version1IsALine) {
  EXPECT_EQ(make(v1), "PROXY TCP4 192.0.2.1 198.51.100.2 258 80\r\n");
  ends("2001:db8::1", 1, "2001:db8::2", 65535);
  EXPECT_EQ(make(v1), "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n");
}

TEST_F(ProxyHeader, MixedFamiliesAreIPv6) {
  ends("192.0.2.1", 1, "2001:db8::2", 2);
  EXPECT_EQ(make(v1), "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n");
  std::string header = make(v2);
  ASSERT_EQ(header.size(), 16u + 36u);
  EXPECT_EQ(header.substr(12, 4), "\x21\x21\0\x24"s);
  EXPECT_EQ(header.substr(16, 16), std::string(10, '\0') + "\xff\xff\xc0\0\x02\x01"s);
}

TEST_F(ProxyHeader, Version2HasAddressesAndPorts) {
  EXPECT_EQ(make(v2), kSignature + "\x21\x11\0\x0c"s + "\xc0\0\x02\x01"s + "\xc6\x33\x64\x02"s +
                          "\x01\x02\0\x50"s);
}

TEST_F(ProxyHeader, WithoutAClientTheProxySpeaksForItself) {
  socket_.proxy_protocol = v1;
  EXPECT_EQ(make_proxy_header(socket_, nullptr), "PROXY UNKNOWN\r\n");
  socket_.proxy_protocol = v2;
  EXPECT_EQ(make_proxy_header(socket_, nullptr), kSignature + "\x20\0\0\0"s);
}

TEST_F(ProxyHeader, AClientOfAUnixSocketHasNoAddress) {
  info_.local = *net::Address::from_unix_path("/run/x");
  EXPECT_EQ(make(v1), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(make(v2), kSignature + "\x20\0\0\0"s);
}

TEST_F(ProxyHeader, TlvsPassByTypeAndAddedOnesReplaceThem) {
  ProxyProtocolInfo& from = info_.make_extras().proxy_protocol.emplace();
  from.tlvs = {{0xe0, "one"}, {0xe1, "two"}, {0xe2, "three"}};
  socket_.pass_through_tlvs = {0xe0, 0xe2};
  socket_.added_tlvs = {{0xe2, "mine"}};
  std::string header = make(v2);
  EXPECT_EQ(header.substr(12, 4), "\x21\x11\0\x19"s);
  EXPECT_EQ(header.substr(28), "\xe2\0\x04mine\xe0\0\x03one"s);
  socket_.pass_all_tlvs = true;
  EXPECT_EQ(make(v2).substr(28), "\xe2\0\x04mine\xe0\0\x03one\xe1\0\x03two"s);
}

TEST_F(ProxyHeader, WhatDoesNotFitIsLeftOut) {
  ProxyProtocolInfo& from = info_.make_extras().proxy_protocol.emplace();
  from.tlvs = {{0xe0, std::string(40'000, 'x')}, {0xe1, std::string(40'000, 'y')}, {0xe3, "z"}};
  socket_.pass_all_tlvs = true;
  std::string header = make(v2);
  size_t length = static_cast<uint8_t>(header[14]) * 256u + static_cast<uint8_t>(header[15]);
  EXPECT_EQ(header.size(), 16 + length);
  EXPECT_EQ(length, 12u + 3 + 40'000 + 4);
}

}  // namespace
}  // namespace outrigger::upstream::test
