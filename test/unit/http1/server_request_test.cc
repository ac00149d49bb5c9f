// What the server codec understands of requests.
#include <gtest/gtest.h>

#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

TEST(Http1ServerRequest, GetWithFields) {
  Server server;
  server.feed(
      "GET /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nUser-Agent: \t x y \t\r\nX-Empty:\r\n"
      "X-Late:\tcaf\xc3\xa9\r\n\r\n");
  EXPECT_EQ(server.story(),
            "headers :method=GET :path=/a?b=c :authority=example.com:8080 user-agent=x y x-empty= "
            "x-late=caf\xc3\xa9 end\n");
}

TEST(Http1ServerRequest, BodyWithLength) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(server.story(),
            "headers :method=POST :path=/ :authority=a content-length=5\nbody 5:hello end\n");
}

TEST(Http1ServerRequest, LengthZeroIsNoBody) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=POST :path=/ :authority=a content-length=0 end\n");
}

TEST(Http1ServerRequest, ChunkedBody) {
  Server server;
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n06 ; x=\"y\"\r\n world\r\n000\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=POST :path=/ :authority=a\nbody 11:hello world end\n");
}

TEST(Http1ServerRequest, TrailersReachTheStreamWhereEnabled) {
  http::Http1Options options;
  options.enable_trailers = true;
  Server server(options);
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\nGrpc-Status: 0\r\nB: c\r\n\r\n");
  EXPECT_EQ(server.story(),
            "headers :method=POST :path=/ :authority=a\nbody 1:x\ntrailers grpc-status=0 b=c\n");
}

TEST(Http1ServerRequest, TrailersAreReadAndDroppedOtherwise) {
  Server server;
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\nGrpc-Status: 0\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=POST :path=/ :authority=a\nbody 1:x end\n");
}

TEST(Http1ServerRequest, EmptyLinesBeforeARequestAreSkipped) {
  Server server;
  server.feed("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ :authority=a end\n");
}

TEST(Http1ServerRequest, EndlessEmptyLinesAreNot) {
  Server server;
  server.answering().feed("\r\n\r\n\r\n\r\n\r\n");
  EXPECT_EQ(server.story(), "error 400 http1.codec_error\nclosed\n");
}

TEST(Http1ServerRequest, StreamBeginsWithTheFirstOctet) {
  Server server;
  server.feed("G");
  EXPECT_EQ(server.events.streams.size(), 1u);
  EXPECT_EQ(server.story(), "");
}

TEST(Http1ServerRequest, AbsoluteFormReplacesHost) {
  Server server;
  server.feed("GET HTTPS://x.y:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/p?q :authority=x.y:81 :scheme=https end\n");
}

TEST(Http1ServerRequest, AbsoluteFormWithoutPath) {
  Server server;
  server.answering().feed(
      "GET http://x.y HTTP/1.1\r\nHost: o\r\n\r\nGET http://x.y?q HTTP/1.1\r\nHost: o\r\n\r\n");
  EXPECT_EQ(server.story(),
            "headers :method=GET :path=/ :authority=x.y :scheme=http end\nclosed\n"
            "headers :method=GET :path=/?q :authority=x.y :scheme=http end\nclosed\n");
}

TEST(Http1ServerRequest, AbsoluteFormIsLeftToTheStreamWhereNotAllowed) {
  http::Http1Options options;
  options.allow_absolute_url = false;
  Server server(options);
  server.feed("GET http://x.y/ HTTP/1.1\r\nHost: o\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=http://x.y/ :authority=o end\n");
}

TEST(Http1ServerRequest, AsteriskForm) {
  Server server;
  server.feed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=OPTIONS :path=* :authority=a end\n");
}

TEST(Http1ServerRequest, ConnectHasAuthorityAndNoPath) {
  Server server;
  server.feed("CONNECT x.y:443 HTTP/1.1\r\nHost: other\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=CONNECT :authority=x.y:443\n");
}

TEST(Http1ServerRequest, Http10WhereAccepted) {
  Server server(Server::with_http10());
  server.feed("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ :authority=a end\n");
  EXPECT_EQ(server.codec.protocol(), http::Protocol::http10);
}

TEST(Http1ServerRequest, Http10WithDefaultHost) {
  http::Http1Options options = Server::with_http10();
  options.default_host_for_http_10 = "fallback";
  Server server(options);
  server.feed("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ :authority=fallback end\n");
}

TEST(Http1ServerRequest, LengthBesideChunkedIsDroppedWhereAllowed) {
  http::Http1Options options;
  options.allow_chunked_length = true;
  Server server(options);
  server.answering().feed(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1\r\nx\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=POST :path=/ :authority=a\nbody 1:x end\nclosed\n");
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerRequest, UnderscoresAreDroppedAndCounted) {
  http::Http1Options options;
  options.limits.underscores = http::UnderscoresAction::drop_header;
  Server server(options);
  server.feed("GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\nX-Y: 2\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ :authority=a x-y=2 end\n");
  EXPECT_EQ(server.stats.dropped_headers_with_underscores.value(), 1u);
}

TEST(Http1ServerRequest, UnderscoresAreRefusedAndCounted) {
  http::Http1Options options;
  options.limits.underscores = http::UnderscoresAction::reject_request;
  Server server(options);
  server.answering().feed("GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\n\r\n");
  EXPECT_EQ(server.story(), "error 400 http1.unexpected_underscore\nclosed\n");
  EXPECT_EQ(server.stats.requests_rejected_with_underscores_in_headers.value(), 1u);
}

TEST(Http1ServerRequest, CaseOfNamesIsKept) {
  http::Http1Options options;
  options.header_case = http::HeaderCase::preserve;
  Server server(options);
  server.feed("GET / HTTP/1.1\r\nhOst: a\r\nX-ReQuest: A\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ hOst=a X-ReQuest=A end\n");
  EXPECT_EQ(server.stream().received->get("x-request"), "A");
}

TEST(Http1ServerRequest, H2cUpgradeIsAnOrdinaryRequest) {
  Server server;
  server.feed(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAA\r\n\r\n");
  EXPECT_EQ(server.story(),
            "headers :method=GET :path=/ :authority=a connection=Upgrade, HTTP2-Settings end\n");
}

TEST(Http1ServerRequest, AtTheLimits) {
  http::Http1Options options;
  options.limits.max_fields = 3;
  options.limits.max_bytes = 60;
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: ";
  head += std::string(60 - head.size() - 4, 'b') + "\r\n\r\n";
  Server server(options);
  server.feed(head);
  EXPECT_TRUE(server.story().ends_with(" end\n")) << server.story();
}

TEST(Http1ServerRequest, OverTheLimitOfFields) {
  http::Http1Options options;
  options.limits.max_fields = 2;
  Server server(options);
  server.answering().feed("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n");
  EXPECT_EQ(server.story(), "error 431 http1.too_many_headers\nclosed\n");
}

TEST(Http1ServerRequest, OverTheLimitOfOctetsBeforeTheHeadIsComplete) {
  http::Http1Options options;
  options.limits.max_bytes = 60;
  Server server(options);
  server.answering().feed("GET /" + std::string(56, 'a'));
  EXPECT_EQ(server.story(), "error 431 http1.headers_too_large\nclosed\n");
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerRequest, TrailersHaveTheSameLimit) {
  http::Http1Options options;
  options.limits.max_bytes = 70;
  Server server(options);
  server.answering().feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " +
      std::string(70, 'a'));
  EXPECT_EQ(
      server.story(),
      "headers :method=POST :path=/ :authority=a\nerror 431 http1.headers_too_large\nclosed\n");
}

}  // namespace
}  // namespace outrigger::http1::test
