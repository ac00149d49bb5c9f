// How the client codec writes requests.
#include <gtest/gtest.h>

#include "test/unit/http1/client_fixture.h"

namespace outrigger::http1::test {
namespace {

TEST(Http1ClientRequest, Get) {
  Client client;
  client.request({{":method", "GET"},
                  {":path", "/a?b"},
                  {":authority", "x.y"},
                  {":scheme", "http"},
                  {"user-agent", "z"}});
  EXPECT_EQ(client.output(), "GET /a?b HTTP/1.1\r\nhost: x.y\r\nuser-agent: z\r\n\r\n");
  EXPECT_EQ(client.transport.reserves, 1);
  EXPECT_FALSE(client.codec.can_open_stream());
}

TEST(Http1ClientRequest, WithoutBodySaysSoWhereOneIsExpected) {
  for (std::string_view method : {"POST", "PUT", "PATCH", "OPTIONS"}) {
    Client client;
    client.request({{":method", method}, {":path", "/"}, {":authority", "a"}});
    EXPECT_EQ(client.output(),
              std::string(method) + " / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
  }
  for (std::string_view method : {"GET", "HEAD", "DELETE", "TRACE"}) {
    Client client;
    client.request({{":method", method}, {":path", "/"}, {":authority", "a"}});
    EXPECT_EQ(client.output(), std::string(method) + " / HTTP/1.1\r\nhost: a\r\n\r\n");
  }
}

TEST(Http1ClientRequest, BodyWithLength) {
  Client client;
  FakeStream& s = client.request(
      {{":method", "POST"}, {":path", "/"}, {":authority", "a"}, {"content-length", "5"}}, false);
  s.encoder->send_body("he", false);
  s.encoder->send_body("llo", true);
  EXPECT_EQ(client.output(), "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
}

TEST(Http1ClientRequest, ChunkedBodyWithTrailers) {
  http::Http1Options options;
  options.enable_trailers = true;
  Client client(options);
  FakeStream& s = client.request({{":method", "POST"}, {":path", "/"}, {":authority", "a"}}, false);
  s.encoder->send_body("hello", false);
  s.encoder->send_trailers(s.headers({{"t", "u"}}));
  EXPECT_EQ(client.output(),
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
            "0\r\nt: u\r\n\r\n");
}

TEST(Http1ClientRequest, HopByHopFieldsOfTheMapAreNotSent) {
  Client client;
  client.request({{":method", "GET"},
                  {":path", "/"},
                  {":authority", "a"},
                  {":protocol", "x"},
                  {"connection", "keep-alive"},
                  {"keep-alive", "1"},
                  {"proxy-connection", "1"},
                  {"transfer-encoding", "chunked"},
                  {"upgrade", "h2c"},
                  {"te", "trailers"}});
  EXPECT_EQ(client.output(), "GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n");
}

TEST(Http1ClientRequest, CloseIsSentAndKept) {
  Client client;
  client.request(
      {{":method", "GET"}, {":path", "/"}, {":authority", "a"}, {"connection", "close"}});
  EXPECT_EQ(client.output(), "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  EXPECT_FALSE(client.codec.reusable());
}

TEST(Http1ClientRequest, FullyQualifiedUrl) {
  http::Http1Options options;
  options.send_fully_qualified_url = true;
  Client client(options);
  client.get();
  EXPECT_EQ(client.output(), "GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n");
}

TEST(Http1ClientRequest, CaseIsKept) {
  http::Http1Options options;
  options.header_case = http::HeaderCase::preserve;
  Client client(options);
  FakeStream& s = client.open();
  http::HeaderMap& headers = s.headers({{":method", "GET"}, {":path", "/"}});
  headers.add_with_case(":authority", "a", "HOST");
  headers.add_with_case("x-a", "b", "x-A");
  s.encoder->send_headers(headers, true);
  EXPECT_EQ(client.output(), "GET / HTTP/1.1\r\nHOST: a\r\nx-A: b\r\n\r\n");
}

TEST(Http1ClientRequest, PathCannotEndItsLine) {
  for (std::string_view path : {"/ HTTP/1.1\r\nx: y\r\n\r\n", "/a b", "/\x80", ""}) {
    Client client;
    client.request({{":method", "GET"}, {":path", path}, {":authority", "a"}});
    EXPECT_EQ(client.output(), "");
    EXPECT_TRUE(client.codec.finished());
    client.codec.on_connection_lost(http::ResetReason::local_reset, "x");
    EXPECT_EQ(client.story(), "reset 0 x\n");
  }
}

TEST(Http1ClientRequest, TooLongABodyClosesWithoutTheExcess) {
  Client client;
  FakeStream& s = client.request(
      {{":method", "POST"}, {":path", "/"}, {":authority", "a"}, {"content-length", "2"}}, false);
  s.encoder->send_body("okGET /smuggled", true);
  EXPECT_TRUE(client.output().ends_with("\r\n\r\nok"));
  EXPECT_TRUE(client.codec.finished());
  EXPECT_FALSE(client.codec.reusable());
}

TEST(Http1ClientRequest, TooShortABodyCloses) {
  Client client;
  FakeStream& s = client.request(
      {{":method", "POST"}, {":path", "/"}, {":authority", "a"}, {"content-length", "3"}}, false);
  s.encoder->send_body("ok", true);
  EXPECT_TRUE(client.codec.finished());
}

FakeStream& ask_upgrade(Client& client) {
  return client.request({{":method", "GET"},
                         {":path", "/"},
                         {":authority", "a"},
                         {"connection", "upgrade"},
                         {"upgrade", "websocket"}},
                        false);
}

TEST(Http1ClientTunnel, UpgradeAccepted) {
  Client client;
  FakeStream& s = ask_upgrade(client);
  EXPECT_EQ(client.output(),
            "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  client.feed(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nframe");
  EXPECT_EQ(client.story(),
            "headers :status=101 connection=upgrade upgrade=websocket\nbody 5:frame\n");
  s.encoder->send_body("answer", false);
  EXPECT_EQ(client.output(), "answer");
  EXPECT_FALSE(client.codec.reusable());
}

TEST(Http1ClientTunnel, OctetsBeforeTheDecisionWait) {
  Client client;
  FakeStream& s = ask_upgrade(client);
  client.output();
  s.encoder->send_body("early", false);
  s.encoder->send_body("er", false);
  EXPECT_EQ(client.output(), "");
  EXPECT_EQ(s.encoder->queued_bytes(), 7u);
  client.feed("HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(client.output(), "earlyer");
  EXPECT_EQ(client.story(), "blocked\nheaders :status=101 upgrade=websocket\nresumed\n");
}

TEST(Http1ClientTunnel, RefusedUpgradeLeavesTheConnectionUsable) {
  Client client;
  FakeStream& s = ask_upgrade(client);
  client.output();
  s.encoder->send_body("early", false);
  client.feed("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(client.output(), "") << "the early octets would be the next request";
  EXPECT_EQ(client.story(),
            "blocked\nheaders :status=403 content-length=2\nresumed\nbody 2:no end\nclosed\n");
  EXPECT_TRUE(client.codec.can_open_stream());
}

TEST(Http1ClientTunnel, ConnectAccepted) {
  Client client;
  FakeStream& s = client.request({{":method", "CONNECT"}, {":authority", "x:1"}}, false);
  EXPECT_EQ(client.output(), "CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n");
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef");
  EXPECT_EQ(client.story(), "headers :status=200\nbody 6:abcdef\n");
  s.encoder->send_body({}, true);
  EXPECT_TRUE(client.transport.shut_down);
  EXPECT_FALSE(client.codec.finished());
  client.connection.eof();
  EXPECT_TRUE(client.story().ends_with("body 6:abcdef end\nclosed\n"));
  EXPECT_TRUE(client.connection.closing);
}

TEST(Http1ClientTunnel, TheirEndFirst) {
  Client client;
  FakeStream& s = ask_upgrade(client);
  client.feed("HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n");
  client.connection.eof();
  EXPECT_TRUE(client.story().ends_with("body 0: end\n"));
  EXPECT_FALSE(client.codec.finished());
  s.encoder->send_body("bye", true);
  EXPECT_TRUE(client.output().ends_with("bye"));
  EXPECT_TRUE(client.story().ends_with("closed\n"));
  EXPECT_TRUE(client.codec.finished());
}

}  // namespace
}  // namespace outrigger::http1::test
