#include <gmock/gmock.h>

#include "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.pb.h"

#include "test/unit/filters/listener_fixture.h"

namespace outrigger::filters::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Message = envoy::extensions::filters::listener::proxy_protocol::v3::ProxyProtocol;

std::string octets(std::initializer_list<int> all) {
  std::string out;
  for (int octet : all) out += static_cast<char>(octet);
  return out;
}

std::string v2(int command, int family, const std::string& body) {
  return std::string("\r\n\r\n\0\r\nQUIT\n", 12) +
         octets({command, family, static_cast<int>(body.size() >> 8),
                 static_cast<int>(body.size() & 0xff)}) +
         body;
}

const std::string kAddresses4 = octets({1, 2, 3, 4, 5, 6, 7, 8, 0x03, 0xe8, 0x00, 0x50});

std::string tlv(int type, const std::string& value) {
  return octets(
             {type, static_cast<int>(value.size() >> 8), static_cast<int>(value.size() & 0xff)}) +
         value;
}

class ProxyProtocolTest : public ListenerFilterTest {
 protected:
  ProxyProtocolTest() { EXPECT_TRUE(configure<Message>().ok()); }
  std::string remote() { return connection.info().remote.text(); }
  std::string local() { return connection.info().local.text(); }
};

TEST_F(ProxyProtocolTest, Version1OfBothFamilies) {
  std::string line = "PROXY TCP4 1.2.3.4 5.6.7.8 1000 80\r\n";
  EXPECT_EQ(trickle(line + "GET"), Kind::next);
  EXPECT_EQ(needed, line.size());
  EXPECT_EQ(consumed, line.size());
  EXPECT_EQ(remote(), "1.2.3.4:1000");
  EXPECT_EQ(local(), "5.6.7.8:80");
  EXPECT_TRUE(connection.info().local_restored);
  EXPECT_EQ(connection.info().direct_remote.text(), "192.0.2.1:5000");
  EXPECT_EQ(extras().proxy_protocol->version, 1);
  EXPECT_EQ(stat("proxy_proto.versions.v1.found"), 1);
  EXPECT_EQ(look("PROXY TCP6 2001:db8::1 2001:db8::2 65535 0\r\n"), Kind::next);
  EXPECT_EQ(remote(), "[2001:db8::1]:65535");
}

TEST_F(ProxyProtocolTest, UnknownKeepsTheConnectionsOwnAddresses) {
  std::string line = "PROXY UNKNOWN ffff::1 whatever\r\n";
  EXPECT_EQ(look(line + "x"), Kind::next);
  EXPECT_EQ(consumed, line.size());
  EXPECT_EQ(remote(), "192.0.2.1:5000");
  EXPECT_FALSE(connection.info().local_restored);
  EXPECT_EQ(extras().proxy_protocol->source.text(), "192.0.2.1:5000");
}

TEST_F(ProxyProtocolTest, Version1IsStrict) {
  for (std::string line :
       {"PROXY TCP4 1.2.3.4 5.6.7.8 1000\r\n", "PROXY TCP4  1.2.3.4 5.6.7.8 1000 80\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1000 80 \r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1000 65536\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 01000 80\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 +1 80\r\n",
        "PROXY TCP4 ::1 ::2 1 2\r\n", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
        "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY \r\n",
        "PROXY TCP4 0.0.0.0 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 224.0.0.1 1 2\r\n",
        "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n"}) {
    EXPECT_EQ(trickle(line), Kind::close) << line;
  }
  EXPECT_EQ(stat("downstream_cx_proxy_proto_error"), stat("proxy_proto.versions.v1.error"));
}

TEST_F(ProxyProtocolTest, ALineHasALongestLength) {
  std::string endless = "PROXY UNKNOWN " + std::string(200, 'x');
  EXPECT_EQ(trickle(endless), Kind::close);
  EXPECT_EQ(needed, 107u);
}

TEST_F(ProxyProtocolTest, Version2OfBothFamilies) {
  std::string header = v2(0x21, 0x11, kAddresses4);
  EXPECT_EQ(trickle(header + "data"), Kind::next);
  EXPECT_EQ(needed, header.size());
  EXPECT_EQ(remote(), "1.2.3.4:1000");
  EXPECT_EQ(local(), "5.6.7.8:80");
  std::string six =
      std::string(15, '\x20') + "\x01" + std::string(15, '\x20') + "\x02" + octets({0, 1, 0, 2});
  EXPECT_EQ(look(v2(0x21, 0x21, six)), Kind::next);
  EXPECT_EQ(connection.info().remote.port(), 1);
  EXPECT_EQ(connection.info().remote.family(), AF_INET6);
  EXPECT_EQ(stat("proxy_proto.versions.v2.found"), 2);
}

TEST_F(ProxyProtocolTest, LocalIgnoresWhatFollows) {
  std::string header = v2(0x20, 0x11, kAddresses4 + "rubbish");
  EXPECT_EQ(look(header), Kind::next);
  EXPECT_EQ(consumed, header.size());
  EXPECT_EQ(remote(), "192.0.2.1:5000");
}

TEST_F(ProxyProtocolTest, Version2IsStrict) {
  for (const std::string& header :
       {v2(0x11, 0x11, kAddresses4), v2(0x22, 0x11, kAddresses4), v2(0x21, 0x13, kAddresses4),
        v2(0x21, 0x31, kAddresses4), v2(0x21, 0x00, ""), v2(0x21, 0x11, kAddresses4.substr(1)),
        v2(0x21, 0x21, kAddresses4), v2(0x21, 0x11, kAddresses4 + "x"),
        v2(0x21, 0x11, kAddresses4 + octets({1, 0, 5, 1})),
        v2(0x21, 0x11, std::string(12, '\0'))}) {
    EXPECT_EQ(trickle(header), Kind::close);
  }
}

TEST_F(ProxyProtocolTest, WithoutAHeaderItIsClosed) {
  EXPECT_EQ(trickle("GET / HTTP/1.1\r\n"), Kind::close);
  EXPECT_EQ(needed, 1u);
  EXPECT_EQ(trickle("PROXX"), Kind::close);
  EXPECT_EQ(stat("proxy_proto.not_found_disallowed"), 2);
  EXPECT_EQ(stat("downstream_cx_proxy_proto_error"), 2);
}

TEST_F(ProxyProtocolTest, OrTakenIfItMayBeAbsent) {
  ASSERT_TRUE(configure<Message>("allow_requests_without_proxy_protocol: true "
                                 "disallowed_versions: V1 stat_prefix: 'x'")
                  .ok());
  EXPECT_EQ(look("GET /"), Kind::next);
  EXPECT_EQ(consumed, 0u);
  EXPECT_EQ(stat("proxy_proto.x.not_found_allowed"), 1);
  // A version that is not allowed is no header then.
  EXPECT_EQ(look("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"), Kind::next);
  EXPECT_EQ(consumed, 0u);
  EXPECT_EQ(look(v2(0x21, 0x11, kAddresses4)), Kind::next);
  EXPECT_EQ(consumed, 28u);
}

TEST_F(ProxyProtocolTest, AVersionMayBeDisallowed) {
  ASSERT_TRUE(configure<Message>("disallowed_versions: V2").ok());
  EXPECT_EQ(look(v2(0x21, 0x11, kAddresses4)), Kind::close);
  EXPECT_EQ(stat("proxy_proto.versions.v2.found"), 1);
  EXPECT_EQ(stat("proxy_proto.versions.v2.disallowed"), 1);
  EXPECT_EQ(stat("downstream_cx_proxy_proto_error"), 0);
  EXPECT_THAT(
      std::string(configure<Message>("disallowed_versions: V1 disallowed_versions: V2").message()),
      HasSubstr("all proxy protocol versions are disallowed"));
}

TEST_F(ProxyProtocolTest, TlvsBecomeMetadata) {
  ASSERT_TRUE(
      configure<Message>("rules { tlv_type: 2 on_tlv_present { key: 'authority' } } "
                         "rules { tlv_type: 0xea on_tlv_present { metadata_namespace: 'n' key: "
                         "'vpc' } }")
          .ok());
  EXPECT_EQ(
      look(v2(0x21, 0x11,
              kAddresses4 + tlv(2, "a\xff") + tlv(2, "second") + tlv(0xea, "v") + tlv(3, ""))),
      Kind::next);
  EXPECT_EQ(metadata("envoy.filters.listener.proxy_protocol", "authority"), "a!");
  EXPECT_EQ(metadata("n", "vpc"), "v");
  EXPECT_TRUE(extras().proxy_protocol->tlvs.empty());
}

TEST_F(ProxyProtocolTest, OrFilterState) {
  ASSERT_TRUE(configure<Message>("rules { tlv_type: 2 on_tlv_present { key: 'a\"b' } } "
                                 "tlv_location: FILTER_STATE")
                  .ok());
  look(v2(0x21, 0x11, kAddresses4 + tlv(2, "x\n")));
  EXPECT_EQ(*connection.info().find_filter_state("envoy.network.proxy_protocol.tlv"),
            R"({"a\"b":"x\u000a"})");
}

TEST_F(ProxyProtocolTest, TlvsArePassedThrough) {
  ASSERT_TRUE(configure<Message>("pass_through_tlvs { match_type: INCLUDE tlv_type: 5 }").ok());
  look(v2(0x21, 0x11, kAddresses4 + tlv(4, "four") + tlv(5, "five")));
  EXPECT_THAT(extras().proxy_protocol->tlvs, ElementsAre(Pair(5, "five")));
  ASSERT_TRUE(configure<Message>("pass_through_tlvs { match_type: INCLUDE_ALL }").ok());
  look(v2(0x21, 0x11, kAddresses4 + tlv(4, "four") + tlv(5, "five")));
  EXPECT_THAT(extras().proxy_protocol->tlvs, ElementsAre(Pair(4, "four"), Pair(5, "five")));
}

}  // namespace
}  // namespace outrigger::filters::test
