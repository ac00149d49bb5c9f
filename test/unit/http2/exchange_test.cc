// Messages between our client codec and our server codec, in both directions.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

TEST(Exchange, UnaryRequestAndResponse) {
  Pair pair;
  pair.server.answer_with("hello");
  FakeHandler& stream = pair.client.request({{":method", "GET"},
                                             {":scheme", "http"},
                                             {":authority", "a.example"},
                                             {":path", "/x"},
                                             {"x-own", "1"}});
  pair.run();

  FakeHandler& seen = pair.server.stream();
  EXPECT_EQ(seen.get(":method"), "GET");
  EXPECT_EQ(seen.get(":authority"), "a.example");
  EXPECT_EQ(seen.get(":path"), "/x");
  EXPECT_EQ(seen.get("x-own"), "1");
  EXPECT_TRUE(seen.end_stream);
  EXPECT_EQ(stream.get(":status"), "200");
  EXPECT_EQ(stream.body, "hello");
  EXPECT_EQ(stream.body_calls, 1) << "the end of the stream must come with the last octets";
  EXPECT_TRUE(stream.end_stream);
  EXPECT_EQ(stream.closed, 1);
  EXPECT_EQ(seen.closed, 1);
  EXPECT_EQ(stream.resets + seen.resets, 0);
  EXPECT_EQ(pair.server.codec.active_streams(), 0u);
  EXPECT_EQ(pair.client.codec.active_streams(), 0u);
  EXPECT_EQ(pair.server.stats.streams_active.value(), 0);
  EXPECT_EQ(pair.server.stats.pending_send_bytes.value(), 0);
}

TEST(Exchange, ResponseSentOutsideOfFeedLeavesAtOnce) {
  Pair pair;
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  pair.server.stream().encoder->send_headers(Message(ok_response()), false);
  EXPECT_FALSE(pair.server.transport.out.empty());
  pair.server.stream().encoder->send_body(std::string(100'000, 'x'), true);
  pair.run();
  EXPECT_EQ(stream.body.size(), 100'000u);
  EXPECT_EQ(stream.closed, 1);
}

TEST(Exchange, EverySplitOfTheInput) {
  for (size_t piece : {1, 2, 3, 7, 10, 100}) {
    Pair pair;
    pair.server.then_new_stream = [](FakeHandler& stream) {
      stream.then_trailers = [&stream] {
        stream.encoder->send_informational(Message({{":status", "103"}, {"link", "</a.css>"}}));
        stream.encoder->send_headers(Message({{":status", "200"}, {"content-length", "3"}}), false);
        stream.encoder->send_body("abc", false);
        stream.encoder->send_trailers(Message({{"grpc-status", "0"}}));
      };
    };
    FakeHandler& stream = pair.client.request(post_request(), false);
    stream.encoder->send_body("request ", false);
    stream.encoder->send_body("body", false);
    stream.encoder->send_trailers(Message({{"x-checksum", "42"}}));
    pair.run(piece);

    EXPECT_EQ(pair.server.stream().body, "request body") << piece;
    EXPECT_EQ(FakeHandler::find(pair.server.stream().trailers, "x-checksum"), "42") << piece;
    ASSERT_EQ(stream.informational.size(), 1u) << piece;
    EXPECT_EQ(FakeHandler::find(stream.informational[0], ":status"), "103") << piece;
    EXPECT_EQ(stream.get(":status"), "200") << piece;
    EXPECT_EQ(stream.body, "abc") << piece;
    EXPECT_EQ(FakeHandler::find(stream.trailers, "grpc-status"), "0") << piece;
    EXPECT_EQ(stream.closed, 1) << piece;
    EXPECT_EQ(pair.server.stream().closed, 1) << piece;
    EXPECT_EQ(pair.server.stats.trailers.value(), 1u) << piece;
  }
}

TEST(Exchange, StreamsBothWaysAtOnce) {
  Pair pair;
  FakeHandler& call = pair.client.request(post_request(), false);
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  for (int i = 0; i < 5; ++i) {
    call.encoder->send_body("ping", false);
    pair.run();
    EXPECT_EQ(seen.body.size(), 4u * (i + 1));
    seen.encoder->send_body("pong", false);
    pair.run();
    EXPECT_EQ(call.body.size(), 4u * (i + 1));
  }
  call.encoder->send_body({}, true);
  pair.run();
  EXPECT_TRUE(seen.end_stream);
  seen.encoder->send_trailers(Message({{"grpc-status", "0"}}));
  pair.run();
  EXPECT_TRUE(call.end_stream);
  EXPECT_EQ(call.closed, 1);
  EXPECT_EQ(seen.closed, 1);
}

TEST(Exchange, EmptyTrailersAreAnEndOfStream) {
  Pair pair;
  FakeHandler& stream = pair.client.request(post_request(), false);
  stream.encoder->send_body("x", false);
  stream.encoder->send_trailers(Message(Fields()));
  pair.run();
  EXPECT_TRUE(pair.server.stream().end_stream);
  EXPECT_TRUE(pair.server.stream().trailers.empty());
}

TEST(Exchange, HeadAnswerKeepsContentLengthWithoutBody) {
  Pair pair;
  pair.server.then_new_stream = [](FakeHandler& stream) {
    stream.then_headers = [&stream] {
      stream.encoder->send_headers(Message({{":status", "200"}, {"content-length", "1000"}}), true);
    };
  };
  FakeHandler& stream = pair.client.request(
      {{":method", "HEAD"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}});
  pair.run();
  EXPECT_EQ(stream.get("content-length"), "1000");
  EXPECT_TRUE(stream.end_stream);
  EXPECT_EQ(stream.closed, 1);
}

TEST(Exchange, ManyStreamsInterleaved) {
  Pair pair;
  pair.server.answer_with(std::string(20'000, 'r'));
  for (int i = 0; i < 200; ++i) pair.client.request(get_request());
  EXPECT_EQ(pair.client.codec.active_streams(), 200u);
  pair.run(1000);
  for (auto& stream : pair.client.streams) {
    EXPECT_EQ(stream->body.size(), 20'000u);
    EXPECT_EQ(stream->closed, 1);
  }
  EXPECT_EQ(pair.client.codec.active_streams(), 0u);
}

TEST(Exchange, ExtendedConnectPassesProtocolThrough) {
  http::Http2Options options;
  options.allow_connect = true;
  Pair pair(options, options);
  FakeHandler& tunnel = pair.client.request({{":method", "CONNECT"},
                                             {":protocol", "websocket"},
                                             {":scheme", "http"},
                                             {":authority", "a"},
                                             {":path", "/chat"}},
                                            false);
  pair.run();
  EXPECT_EQ(pair.server.stream().get(":protocol"), "websocket");
  EXPECT_EQ(pair.server.stream().get(":path"), "/chat");
  pair.server.stream().encoder->send_headers(Message(ok_response()), false);
  pair.server.stream().encoder->send_body("down", false);
  tunnel.encoder->send_body("up", false);
  pair.run();
  EXPECT_EQ(tunnel.body, "down");
  EXPECT_EQ(pair.server.stream().body, "up");
}

TEST(Exchange, ExtendedConnectIsRefusedUnlessAllowed) {
  Pair pair;
  pair.client.request({{":method", "CONNECT"},
                       {":protocol", "websocket"},
                       {":scheme", "http"},
                       {":authority", "a"},
                       {":path", "/"}},
                      false);
  pair.run();
  EXPECT_TRUE(pair.server.stream().headers.empty());
  EXPECT_EQ(pair.server_result.kind, http::FeedResult::Kind::close);
}

TEST(Exchange, PlainConnectCarriesOnlyTheAuthority) {
  Pair pair;
  pair.client.request(
      {{":method", "CONNECT"}, {":scheme", "http"}, {":authority", "a:443"}, {":path", "/"}},
      false);
  pair.run();
  EXPECT_EQ(pair.server.stream().get(":authority"), "a:443");
  EXPECT_EQ(pair.server.stream().get(":path"), "<none>");
  EXPECT_EQ(pair.server.stream().get(":scheme"), "<none>");
}

TEST(Exchange, ConnectionHeadersAreNeverSent) {
  Pair pair;
  pair.server.then_new_stream = [](FakeHandler& stream) {
    stream.then_headers = [&stream] {
      stream.encoder->send_headers(Message({{":status", "200"},
                                            {"connection", "close"},
                                            {"transfer-encoding", "chunked"},
                                            {"x-stays", "1"}}),
                                   true);
    };
  };
  Fields head = get_request();
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding",
                           "upgrade", "http2-settings"})
    head.emplace_back(name, "x");
  head.emplace_back("te", "gzip, trailers");
  FakeHandler& stream = pair.client.request(head);
  pair.run();
  Fields expected = get_request();
  expected.emplace_back("te", "trailers");
  EXPECT_EQ(pair.server.stream().headers, expected);
  EXPECT_EQ(stream.headers, (Fields{{":status", "200"}, {"x-stays", "1"}}));
}

TEST(Exchange, HostStandsInForAMissingAuthority) {
  Pair pair;
  pair.client.request(
      {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "h.example"}});
  pair.run();
  EXPECT_EQ(pair.server.stream().get(":authority"), "h.example");
  EXPECT_EQ(pair.server.stream().get("host"), "<none>");
}

TEST(Exchange, ADifferentHostBesideAuthorityIsDropped) {
  ServerSide server;
  Fields head = get_request();
  head.emplace_back("host", "other.example");
  server.codec.feed(preface() + headers(1, head));
  EXPECT_EQ(server.stream().get(":authority"), "a.example");
  EXPECT_EQ(server.stream().get("host"), "<none>");
}

TEST(Exchange, AHostWithoutAuthorityBecomesAuthority) {
  ServerSide server;
  server.codec.feed(
      preface() +
      headers(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "h.example"}}));
  EXPECT_EQ(server.stream().get(":authority"), "h.example");
  EXPECT_EQ(server.stream().headers.size(), 4u);
}

TEST(Exchange, CookieCrumbsAreJoined) {
  ServerSide server;
  Fields head = get_request();
  head.insert(
      head.end(),
      {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", ""}, {"cookie", "c=3"}});
  server.codec.feed(preface() + headers(1, head));
  EXPECT_EQ(server.stream().get("cookie"), "a=1; b=2; ; c=3");
  EXPECT_EQ(server.stream().headers.size(), get_request().size() + 2);
}

TEST(Exchange, LongHeadNeedsContinuations) {
  Pair pair;
  pair.server.answer_with("ok");
  Fields head = get_request();
  for (int i = 0; i < 50; ++i)
    head.emplace_back("x-long-" + std::to_string(i),
                      std::string(1000, static_cast<char>('a' + i % 26)));
  FakeHandler& stream = pair.client.request(head);
  pair.run(4096);
  EXPECT_EQ(pair.server.stream().headers, head);
  EXPECT_EQ(stream.body, "ok");
}

TEST(Exchange, HandlersMayUseTheirArenaAfterTheInputIsGone) {
  Pair pair;
  pair.client.request(get_request());
  pair.run();
  EXPECT_EQ(pair.server.stream().head->get(http::HeaderId::authority), "a.example");
}

}  // namespace
}  // namespace outrigger::http2::testing
