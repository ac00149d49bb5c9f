// The small ones: http_inspector, original_dst, original_src.
#include <gmock/gmock.h>

#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h"
#include "envoy/extensions/filters/listener/original_src/v3/original_src.pb.h"

#include "filters/listener/http_inspector/request_line.h"
#include "test/unit/filters/listener_fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::listener::http_inspector::v3::HttpInspector;
using envoy::extensions::filters::listener::original_dst::v3::OriginalDst;
using envoy::extensions::filters::listener::original_src::v3::OriginalSrc;
using http_inspector::sniff;
using http_inspector::Sniffed;
using ::testing::ElementsAre;

TEST(HttpSniff, KnowsTheVersions) {
  EXPECT_EQ(sniff("GET / HTTP/1.1\r\nhost: a"), Sniffed::http11);
  EXPECT_EQ(sniff("OPTIONS * HTTP/1.0\n"), Sniffed::http10);
  EXPECT_EQ(sniff("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Sniffed::http2);
}

TEST(HttpSniff, WaitsAsLongAsItMayBeHttp) {
  for (std::string_view so_far : {"", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", "GET / HTTP/1.1\r"})
    EXPECT_EQ(sniff(so_far), Sniffed::need_more) << so_far;
}

TEST(HttpSniff, KnowsWhatIsNoHttpAtItsFirstWrongOctet) {
  for (std::string_view other :
       {std::string_view("\r\n"), std::string_view(" GET"), std::string_view("\x16\x03\x01"),
        std::string_view("SSH-2.0-x\r\n"), std::string_view("GET /\r\n"),
        std::string_view("GET / HTTP/2.0\r\n"), std::string_view("GET / x HTTP/1.1\r\n"),
        std::string_view("GET  HTTP/1.1\r\n"), std::string_view("G\0T", 3)})
    EXPECT_EQ(sniff(other), Sniffed::not_http) << other;
}

class HttpInspectorTest : public ListenerFilterTest {
 protected:
  HttpInspectorTest() { EXPECT_TRUE(configure<HttpInspector>().ok()); }
};

TEST_F(HttpInspectorTest, TheVersionCountsAsProtocol) {
  EXPECT_EQ(look("GET / HTTP/1.0\r\n"), Kind::next);
  EXPECT_THAT(extras().application_protocols, ElementsAre("http/1.0"));
  EXPECT_EQ(look("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Kind::next);
  EXPECT_THAT(extras().application_protocols, ElementsAre("h2c"));
  EXPECT_EQ(stat("http_inspector.http10_found"), 1);
  EXPECT_EQ(stat("http_inspector.http2_found"), 1);
}

TEST_F(HttpInspectorTest, TlsIsLeftAlone) {
  connection.info().detected_transport = "tls";
  EXPECT_EQ(look(""), Kind::next);
}

TEST_F(HttpInspectorTest, ARequestLineHasALimit) {
  EXPECT_EQ(look("GET /" + std::string(64 * 1024 - 6, 'a')), Kind::more);
  EXPECT_EQ(look("GET /" + std::string(64 * 1024 - 5, 'a')), Kind::close);
  EXPECT_EQ(stat("http_inspector.read_error"), 1);
}

TEST_F(HttpInspectorTest, OtherProtocolsGoOn) {
  EXPECT_EQ(look("\x01\x02"), Kind::next);
  EXPECT_EQ(stat("http_inspector.http_not_found"), 1);
}

class OriginalDstTest : public ListenerFilterTest {
 protected:
  OriginalDstTest() { EXPECT_TRUE(configure<OriginalDst>().ok()); }
};

TEST_F(OriginalDstTest, RestoresTheDestination) {
  connection.destination = net::Address::from_ip("10.0.0.1", 80);
  EXPECT_EQ(look(""), Kind::next);
  EXPECT_EQ(connection.info().local.text(), "10.0.0.1:80");
  EXPECT_EQ(connection.info().direct_local.text(), "192.0.2.9:443");
  EXPECT_TRUE(connection.info().local_restored);
}

TEST_F(OriginalDstTest, WithoutARedirectTheAddressIsTheSockets) {
  EXPECT_EQ(look(""), Kind::next);
  EXPECT_EQ(connection.info().local.text(), "192.0.2.9:443");
  EXPECT_FALSE(connection.info().local_restored);
}

TEST_F(OriginalDstTest, AnInternalConnectionSaysItself) {
  connection.info().direct_local = *net::Address::from_internal("l", "");
  FilterState& state = connection.info().make_extras().filter_state;
  state.set("envoy.filters.listener.original_dst.local_ip", "10.0.0.1:80");
  state.set("envoy.filters.listener.original_dst.remote_ip", "[::2]:81");
  EXPECT_EQ(look(""), Kind::next);
  EXPECT_EQ(connection.info().local.text(), "10.0.0.1:80");
  EXPECT_EQ(connection.info().remote.text(), "[::2]:81");
}

TEST_F(OriginalDstTest, NonsenseFromInsideIsIgnored) {
  for (const char* text : {"10.0.0.1", "10.0.0.1:", "10.0.0.1:99999", "x:1", "10.0.0.1:1x"}) {
    connection.info().direct_local = *net::Address::from_internal("l", "");
    connection.info().make_extras().filter_state.set("envoy.filters.listener.original_dst.local_ip",
                                                     text);
    EXPECT_EQ(look(""), Kind::next);
    EXPECT_FALSE(connection.info().local_restored) << text;
  }
}

TEST_F(ListenerFilterTest, OriginalSrcBorrowsTheClientsAddress) {
  ASSERT_TRUE(configure<OriginalSrc>("mark: 7").ok());
  EXPECT_EQ(look(""), Kind::next);
  EXPECT_EQ(extras().upstream_source->address.text(), "192.0.2.1:0");
  EXPECT_EQ(extras().upstream_source->mark, 7u);
  ASSERT_TRUE(configure<OriginalSrc>("bind_port: true").ok());
  EXPECT_EQ(look(""), Kind::next);
  EXPECT_EQ(extras().upstream_source->address.text(), "192.0.2.1:5000");
}

}  // namespace
}  // namespace outrigger::filters::test
