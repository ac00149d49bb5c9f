// How the server codec writes responses, and when the connection lives on.
#include <gtest/gtest.h>

#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST(Http1ServerResponse, WithLength) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}, {"content-length", "5"}, {"x-a", "b"}}, false);
  server.send_body("hel", false);
  server.send_body("lo", true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: b\r\n\r\nhello");
  EXPECT_TRUE(server.story().ends_with("end\nclosed\n"));
  EXPECT_FALSE(server.codec.finished());
}

TEST(Http1ServerResponse, HeadIsOneReserve) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "404"}, {"a", "b"}, {"c", "d"}}, true);
  EXPECT_EQ(server.transport.reserves, 1);
  EXPECT_EQ(server.transport.writes, 0);
  EXPECT_EQ(server.output(), "HTTP/1.1 404 Not Found\r\na: b\r\nc: d\r\ncontent-length: 0\r\n\r\n");
}

TEST(Http1ServerResponse, ChunkedWithoutLength) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}}, false);
  server.send_body("hello", false);
  server.send_body(std::string(20, 'x'), false);
  server.send_body({}, false);
  server.send_body({}, true);
  EXPECT_EQ(server.output(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
            "14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n");
}

TEST(Http1ServerResponse, LastChunkAndEndAreOnePiece) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}}, false);
  server.send_body("hello", true);
  EXPECT_EQ(server.transport.reserves, 2);
  EXPECT_EQ(server.transport.writes, 0);
  EXPECT_TRUE(server.output().ends_with("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
}

TEST(Http1ServerResponse, LargeChunkIsNotCopied) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}}, false);
  server.output();
  std::string body(0x12345, 'x');
  server.send_body(body, true);
  EXPECT_EQ(server.transport.writes, 1);
  EXPECT_EQ(server.output(), "12345\r\n" + body + "\r\n0\r\n\r\n");
}

TEST(Http1ServerResponse, TrailersWhereEnabled) {
  http::Http1Options options;
  options.enable_trailers = true;
  Server server(options);
  server.feed(kGet);
  server.send({{":status", "200"}}, false);
  server.send_body("x", false);
  server.stream().encoder->send_trailers(
      server.stream().headers({{"grpc-status", "0"}, {"transfer-encoding", "x"}}));
  EXPECT_TRUE(server.output().ends_with("\r\n\r\n1\r\nx\r\n0\r\ngrpc-status: 0\r\n\r\n"));
  EXPECT_TRUE(server.story().ends_with("closed\n"));
}

TEST(Http1ServerResponse, TrailersAreDroppedOtherwise) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}}, false);
  server.send_body("x", false);
  server.stream().encoder->send_trailers(server.stream().headers({{"grpc-status", "0"}}));
  EXPECT_TRUE(server.output().ends_with("\r\n\r\n1\r\nx\r\n0\r\n\r\n"));
}

TEST(Http1ServerResponse, ToHeadHasLengthAndNoBody) {
  Server server;
  server.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.send({{":status", "200"}, {"content-length", "5"}}, false);
  server.send_body("hello", true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
  EXPECT_FALSE(server.codec.finished());
}

TEST(Http1ServerResponse, ToHeadWithoutLengthSaysWhatGetWouldHave) {
  Server server;
  server.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.send({{":status", "200"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
}

TEST(Http1ServerResponse, NoContentHasNeitherLengthNorBody) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "204"}, {"content-length", "5"}}, false);
  server.send_body("hello", true);
  EXPECT_EQ(server.output(), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(Http1ServerResponse, NotModifiedMayHaveALength) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "304"}, {"content-length", "5"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n");
  server.feed(kGet);
  server.send({{":status", "304"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(Http1ServerResponse, HopByHopFieldsOfTheMapAreNotSent) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"},
               {"transfer-encoding", "gzip"},
               {"keep-alive", "timeout=5"},
               {"proxy-connection", "x"},
               {"connection", "x-a"},
               {"upgrade", "h2c"},
               {"content-length", "0"},
               {"content-length", "1"}},
              true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

TEST(Http1ServerResponse, ValueCannotEndItsLine) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}, {"x", "a\r\nset-cookie: b"}, {"y", "long enough for a block\n"}},
              true);
  EXPECT_EQ(server.output(),
            "HTTP/1.1 200 OK\r\nx: a  set-cookie: b\r\ny: long enough for a block \r\n"
            "content-length: 0\r\n\r\n");
}

TEST(Http1ServerResponse, UnknownStatus) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "799"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 799 Unknown\r\ncontent-length: 0\r\n\r\n");
}

TEST(Http1ServerResponse, ProperCase) {
  http::Http1Options options;
  options.header_case = http::HeaderCase::proper;
  Server server(options);
  server.feed("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  server.send({{":status", "200"}, {"x-request-id", "1"}, {"a1b-c_d", "2"}}, false);
  EXPECT_EQ(server.output(),
            "HTTP/1.1 200 OK\r\nX-Request-Id: 1\r\nA1b-C_D: 2\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n");
}

TEST(Http1ServerResponse, KeptCase) {
  http::Http1Options options;
  options.header_case = http::HeaderCase::preserve;
  Server server(options);
  server.feed(kGet);
  http::HeaderMap& headers = server.stream().headers({{":status", "200"}, {"x-b", "2"}});
  headers.add_with_case("x-a", "1", "X-a");
  server.stream().encoder->send_headers(headers, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\nx-b: 2\r\nX-a: 1\r\ncontent-length: 0\r\n\r\n");
}

TEST(Http1ServerResponse, Informational) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_NE(server.story().find("expect=100-continue"), std::string::npos);
  server.stream().encoder->send_informational(server.stream().headers({{":status", "100"}}));
  server.stream().encoder->send_informational(
      server.stream().headers({{":status", "103"}, {"link", "x"}, {"content-length", "3"}}));
  EXPECT_EQ(server.output(),
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n");
  server.feed("x");
  server.send({{":status", "200"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
}

TEST(Http1ServerResponse, Http10IsDelimitedByClose) {
  Server server(Server::with_http10());
  server.feed("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  server.stream().encoder->send_informational(server.stream().headers({{":status", "103"}}));
  server.send({{":status", "200"}}, false);
  server.send_body("ok", true);
  EXPECT_EQ(server.output(), "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\nok");
  EXPECT_TRUE(server.codec.finished());
}

TEST(Http1ServerResponse, Http10KeepsAliveWhenAskedTo) {
  Server server(Server::with_http10());
  server.answering().feed("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n");
  EXPECT_EQ(server.output(),
            "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok");
  server.feed("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.output(), "HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerResponse, ClientAsksToClose) {
  Server server;
  server.answering().feed(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\nGET /2 HTTP/1.1\r\n");
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
  EXPECT_TRUE(server.connection.closing);
  EXPECT_EQ(server.events.streams.size(), 1u);
}

TEST(Http1ServerResponse, StreamAsksToClose) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}, {"connection", "close"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(server.codec.finished());
}

TEST(Http1ServerResponse, DrainClosesAfterTheNextResponse) {
  Server server;
  server.answering();
  server.codec.begin_drain();
  EXPECT_FALSE(server.codec.finished());
  server.feed(kGet);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerResponse, DrainEndsAnIdleConnectionInItsSecondStep) {
  Server server;
  server.codec.begin_drain();
  server.codec.finish_drain();
  EXPECT_TRUE(server.codec.finished());
}

TEST(Http1ServerPipelining, NextRequestWaitsForTheResponse) {
  Server server;
  server.feed(std::string(kGet) + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.events.streams.size(), 1u);
  EXPECT_TRUE(server.transport.paused);
  server.send({{":status", "200"}}, true);
  EXPECT_FALSE(server.transport.paused);
  server.feed();
  EXPECT_EQ(server.events.streams.size(), 2u);
  EXPECT_NE(server.story().find(":path=/2"), std::string::npos);
}

TEST(Http1ServerPipelining, AnsweredAtOnceNeedsNoPause) {
  Server server;
  server.answering().feed(std::string(kGet) + std::string(kGet) + std::string(kGet));
  EXPECT_EQ(server.output(), std::string(kOk) + std::string(kOk) + std::string(kOk));
  EXPECT_FALSE(server.transport.paused);
}

TEST(Http1ServerPipelining, StopsWhileTheClientDoesNotTakeItsResponses) {
  Server server;
  server.answering().codec.on_transport_blocked();
  server.feed(kGet);
  EXPECT_EQ(server.events.streams.size(), 0u);
  EXPECT_TRUE(server.transport.paused);
  server.codec.on_transport_resumed();
  EXPECT_FALSE(server.transport.paused);
  server.feed();
  EXPECT_EQ(server.output(), kOk);
}

TEST(Http1ServerStream, EarlyResponseClosesTheConnection) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  server.send({{":status", "413"}}, true);
  EXPECT_EQ(server.output(),
            "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  EXPECT_FALSE(server.codec.finished()) << "the handler may wait for the request's end";
  server.feed("llo");
  EXPECT_TRUE(server.story().ends_with("body 5:hello end\nclosed\n"));
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerStream, ResetAfterAnEarlyResponse) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  server.send({{":status", "413"}}, true);
  server.stream().encoder->reset(http::ResetReason::local_reset);
  EXPECT_TRUE(server.codec.finished());
  EXPECT_EQ(server.codec.active_streams(), 0u);
  server.feed("llo");
  EXPECT_TRUE(server.story().ends_with("body 2:he\n"));
}

TEST(Http1ServerStream, TooLongABodyClosesWithoutTheExcess) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}, {"content-length", "2"}}, false);
  server.send_body("okGARBAGE", true);
  EXPECT_TRUE(server.output().ends_with("\r\n\r\nok"));
  EXPECT_TRUE(server.codec.finished());
  server.codec.on_connection_lost(http::ResetReason::connection_termination, "gone");
  EXPECT_TRUE(server.story().ends_with("reset 5 gone\n"));
}

TEST(Http1ServerStream, TooShortABodyCloses) {
  Server server;
  server.feed(kGet);
  server.send({{":status", "200"}, {"content-length", "3"}}, false);
  server.send_body("ok", true);
  EXPECT_TRUE(server.codec.finished());
}

TEST(Http1ServerStream, PausesCount) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  http::StreamEncoder& encoder = *server.stream().encoder;
  encoder.pause_reading(true);
  encoder.pause_reading(true);
  encoder.pause_reading(false);
  EXPECT_TRUE(server.transport.paused);
  encoder.pause_reading(false);
  EXPECT_FALSE(server.transport.paused);
  encoder.pause_reading(true);
  encoder.reset(http::ResetReason::local_reset);
  EXPECT_FALSE(server.transport.paused) << "the pauses of a stream end with it";
}

TEST(Http1ServerStream, HearsOfItsConnectionsWatermarks) {
  Server server;
  server.feed(kGet);
  server.codec.on_transport_blocked();
  server.codec.on_transport_resumed();
  EXPECT_TRUE(server.story().ends_with("blocked\nresumed\n"));
}

TEST(Http1ServerStream, EofInTheMiddleResetsIt) {
  for (std::string_view part : {"GET /", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh",
                                "GET / HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    Server server;
    server.feed(part);
    server.connection.eof();
    EXPECT_TRUE(server.story().ends_with("reset 5 downstream_remote_disconnect\n"))
        << server.story();
    EXPECT_TRUE(server.connection.closing);
  }
}

TEST(Http1ServerStream, EofBetweenRequestsIsNoEvent) {
  Server server;
  server.answering().feed(kGet);
  server.connection.eof();
  EXPECT_TRUE(server.story().ends_with("closed\n"));
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerStream, LostConnection) {
  Server server;
  server.feed(kGet);
  server.codec.on_connection_lost(http::ResetReason::connection_termination, "idle_timeout");
  EXPECT_TRUE(server.story().ends_with("reset 5 idle_timeout\n"));
}

// A handler that resets from inside each callback hears nothing more, and what it sends is lost.
TEST(Http1ServerStream, ResetFromInsideAnyCallback) {
  constexpr std::string_view kPost =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1\r\ny\r\n"
      "0\r\nA: b\r\n\r\n";
  auto reset = [](FakeStream& s) {
    s.encoder->reset(http::ResetReason::local_reset);
    s.dead = true;
    s.encoder->send_headers(s.headers({{":status", "200"}}), true);
    s.encoder->send_body("x", true);
  };
  http::Http1Options options;
  options.enable_trailers = true;
  for (int callback = 0; callback < 5; ++callback) {
    Server server(options);
    server.events.when_new = [&](FakeStream& s) {
      if (callback == 0) reset(s);
      if (callback == 1) s.when_headers = reset;
      if (callback == 2) s.when_body = reset;
      if (callback == 3) s.when_end = reset;
      if (callback == 4) s.when_error = [&](FakeStream& t, int, std::string_view) { reset(t); };
    };
    server.feed(callback == 4 ? "BAD" : kPost);
    EXPECT_EQ(server.output(), "") << callback;
    EXPECT_TRUE(server.connection.closing) << callback;
    EXPECT_EQ(server.codec.active_streams(), 0u);
  }
}

TEST(Http1ServerHandOver, TheRestOfTheStoryIsAnotherHandlers) {
  Server server;
  server.feed("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  http::StreamEncoder* encoder = server.stream().encoder;
  ChunkPool pool;
  FakeStream next(pool);
  next.encoder = encoder;
  ASSERT_TRUE(encoder->hand_over(next));
  encoder->send_headers(next.headers({{":status", "200"}}), true);
  EXPECT_EQ(server.codec.active_streams(), 0u);
  EXPECT_FALSE(encoder->hand_over(next));
}

TEST(Http1ServerHandOver, IsForCompleteRequestsWithoutAnAnswer) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nx");
  ChunkPool pool;
  FakeStream next(pool);
  EXPECT_FALSE(server.stream().encoder->hand_over(next));
  server.feed("y");
  server.send({{":status", "200"}}, false);
  EXPECT_FALSE(server.stream().encoder->hand_over(next));
}

}  // namespace
}  // namespace outrigger::http1::test
