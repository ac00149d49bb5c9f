#include <gmock/gmock.h>

#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"

#include "filters/listener/tls_inspector/client_hello.h"
#include "filters/listener/tls_inspector/fingerprint.h"
#include "test/unit/filters/client_hello_bytes.h"
#include "test/unit/filters/listener_fixture.h"

namespace outrigger::filters::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Message = envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector;

class TlsInspectorTest : public ListenerFilterTest {
 protected:
  TlsInspectorTest() { EXPECT_TRUE(configure<Message>().ok()); }
};

TEST_F(TlsInspectorTest, FindsNameAndProtocols) {
  std::string hello = client_hello({"WWW.Example.com", {"h2", "http/1.1"}});
  EXPECT_EQ(look(hello), Kind::next);
  EXPECT_EQ(consumed, 0u);
  EXPECT_EQ(connection.info().detected_transport, "tls");
  EXPECT_EQ(connection.info().requested_server_name, "www.example.com");
  EXPECT_THAT(extras().application_protocols, ElementsAre("h2", "http/1.1"));
  EXPECT_EQ(stat("tls_inspector.tls_found"), 1);
  EXPECT_EQ(stat("tls_inspector.sni_found"), 1);
  EXPECT_EQ(stat("tls_inspector.alpn_found"), 1);
}

TEST_F(TlsInspectorTest, AHelloMayAskForNothing) {
  EXPECT_EQ(look(client_hello({})), Kind::next);
  EXPECT_EQ(connection.info().detected_transport, "tls");
  EXPECT_EQ(connection.info().requested_server_name, "");
  EXPECT_EQ(stat("tls_inspector.sni_not_found"), 1);
  EXPECT_EQ(stat("tls_inspector.alpn_not_found"), 1);
}

TEST_F(TlsInspectorTest, WaitsForTheWholeHello) {
  std::string hello = client_hello({"a", {}});
  EXPECT_EQ(trickle(hello), Kind::next);
  EXPECT_EQ(needed, hello.size());
}

TEST_F(TlsInspectorTest, AHelloMayBeInManyRecords) {
  std::string hello = client_hello({"a.example", {"h2"}, TLS1_2_VERSION});
  for (size_t size : {1u, 3u, 50u, 4000u}) {
    connection.info().requested_server_name.clear();
    EXPECT_EQ(trickle(in_records(hello, size)), Kind::next) << size;
    EXPECT_EQ(connection.info().requested_server_name, "a.example") << size;
  }
}

TEST_F(TlsInspectorTest, KnowsPlainTextByItsFirstOctet) {
  EXPECT_EQ(trickle("GET / HTTP/1.1\r\n"), Kind::next);
  EXPECT_EQ(needed, 1u);
  EXPECT_EQ(connection.info().detected_transport, "");
  EXPECT_EQ(stat("tls_inspector.tls_not_found"), 1);
  EXPECT_EQ(metadata("envoy.filters.listener.tls_inspector", "failure_reason"),
            "ClientHelloNotDetected");
}

TEST_F(TlsInspectorTest, WhatNoServerWouldTakeIsNoTls) {
  std::string hello = client_hello({"a", {}, TLS1_2_VERSION});
  auto changed = [&](size_t at, char value) {
    std::string copy = hello;
    copy[at] = value;
    return look(copy);
  };
  auto not_tls = [&] {
    bool found = connection.info().detected_transport == "tls";
    connection.info().detected_transport = {};
    return !found;
  };
  EXPECT_EQ(changed(1, 2), Kind::next);  // record version 2
  EXPECT_TRUE(not_tls());
  EXPECT_EQ(changed(5, 2), Kind::next);  // ServerHello
  EXPECT_TRUE(not_tls());
  EXPECT_EQ(changed(9, 2), Kind::next);  // SSL 2
  EXPECT_TRUE(not_tls());
  EXPECT_EQ(changed(43, 33), Kind::next);  // session id of 33 octets
  EXPECT_TRUE(not_tls());
  EXPECT_EQ(look(std::string("\x16\x03\x01\x00\x00", 5)), Kind::next);  // an empty record
  EXPECT_TRUE(not_tls());
  EXPECT_EQ(look(std::string("\x16\x03\x01\x50\x00", 5)), Kind::next);  // a record too long
  EXPECT_TRUE(not_tls());
}

TEST_F(TlsInspectorTest, OrTheConnectionIsClosed) {
  ASSERT_TRUE(configure<Message>("close_connection_on_client_hello_parsing_errors: true").ok());
  EXPECT_EQ(look("GET"), Kind::close);
  EXPECT_EQ(stat("tls_inspector.tls_not_found"), 1);
}

TEST_F(TlsInspectorTest, AHelloHasALimit) {
  ASSERT_TRUE(configure<Message>("max_client_hello_size { value: 300 }").ok());
  std::string hello = client_hello({std::string(200, 'a'), {"http/1.1"}});
  ASSERT_GT(hello.size(), 300u);
  EXPECT_EQ(look(hello.substr(0, 299)), Kind::more);
  EXPECT_EQ(look(hello.substr(0, 300)), Kind::close);
  EXPECT_EQ(stat("tls_inspector.client_hello_too_large"), 1);
  EXPECT_EQ(metadata("envoy.filters.listener.tls_inspector", "failure_reason"),
            "ClientHelloTooLarge");
  EXPECT_THAT(std::string(configure<Message>("max_client_hello_size { value: 16385 }").message()),
              HasSubstr("max_client_hello_size: 16385 is greater than the maximum of 16384"));
}

TEST_F(TlsInspectorTest, FingerprintsOnlyIfAsked) {
  std::string hello = client_hello({"a.example", {"h2", "http/1.1"}});
  look(hello);
  EXPECT_EQ(extras().ja3, "");
  ASSERT_TRUE(configure<Message>("enable_ja3_fingerprinting { value: true } "
                                 "enable_ja4_fingerprinting { value: true }")
                  .ok());
  look(hello);
  EXPECT_EQ(extras().ja3.size(), 32u);
  EXPECT_THAT(extras().ja4, ::testing::MatchesRegex("t13d[0-9]{4}h2_[0-9a-f]{12}_[0-9a-f]{12}"));
}

// Of the ja4 repository's technical details.
TEST(Fingerprint, Ja4OfItsOwnExample) {
  auto numbers = [](std::initializer_list<uint16_t> all) {
    std::string out;
    for (uint16_t n : all) out += {static_cast<char>(n >> 8), static_cast<char>(n & 0xff)};
    return out;
  };
  auto prefixed = [&](const std::string& text) {
    return numbers({static_cast<uint16_t>(text.size())}) + text;
  };
  std::string ciphers = numbers({0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                                 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035});
  std::string extensions;
  auto add = [&](uint16_t type, const std::string& content) {
    extensions += numbers({type}) + prefixed(content);
  };
  for (uint16_t type : {0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01,
                        0x000b, 0x000a, 0x0015})
    add(type, "");
  add(0x0000, prefixed(std::string(1, '\0') + prefixed("a")));
  add(0x0010, prefixed("\x02h2"));
  add(0x002b, "\x04" + numbers({0x0304, 0x0303}));
  add(0x000d, prefixed(numbers({0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601})));
  tls_inspector::ClientHello hello;
  hello.version = 0x0303;
  hello.cipher_suites = ciphers;
  hello.extensions = extensions;
  EXPECT_EQ(tls_inspector::ja4(hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Fingerprint, Ja3OfItsOwnExample) {
  // "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0"
  auto u16 = [](std::initializer_list<uint16_t> all) {
    std::string out;
    for (uint16_t n : all) out += {static_cast<char>(n >> 8), static_cast<char>(n & 0xff)};
    return out;
  };
  std::string ciphers = u16({47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4});
  std::string extensions = u16({0, 0}) + u16({10, 8, 6, 23, 24, 25}) + u16({11, 2});
  extensions += std::string("\x01\x00", 2);
  tls_inspector::ClientHello hello;
  hello.version = 769;
  hello.cipher_suites = ciphers;
  hello.extensions = extensions;
  EXPECT_EQ(tls_inspector::ja3(hello), "ada70206e40642a3e4461f35503241d5");
}

}  // namespace
}  // namespace outrigger::filters::test
