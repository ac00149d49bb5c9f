// The connection as a whole: settings, limits on streams, GOAWAY, drain, PING.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

using http::FeedResult;
using http::ResetReason;

TEST(Connection, ServerAnnouncesItsOptions) {
  http::Http2Options options;
  options.max_concurrent_streams = 77;
  options.initial_stream_window_size = 123'456;
  options.initial_connection_window_size = 1'000'000;
  options.allow_connect = true;
  ServerSide server(options);
  server.codec.feed(preface());
  auto frames = of_type(server.transport.out, kSettings);
  ASSERT_GE(frames.size(), 2u) << "ours, and the acknowledgement of the client's";
  EXPECT_NE(server.transport.out.find(std::string("\0\3", 2) + number(77)), std::string::npos);
  EXPECT_NE(server.transport.out.find(std::string("\0\4", 2) + number(123'456)), std::string::npos);
  EXPECT_NE(server.transport.out.find(std::string("\0\x8", 2) + number(1)), std::string::npos);
  EXPECT_EQ(of_type(server.transport.out, kWindowUpdate).at(0).code(), 1'000'000u - 65'535u);
}

TEST(Connection, ClientObeysThePeersStreamLimit) {
  http::Http2Options server_options;
  server_options.max_concurrent_streams = 2;
  Pair pair(server_options);
  EXPECT_EQ(pair.client.codec.max_concurrent_streams(), 1024u)
      << "our own limit until the peer's SETTINGS";
  pair.client.request(get_request());
  pair.run();
  EXPECT_EQ(pair.client.codec.max_concurrent_streams(), 2u);
  EXPECT_TRUE(pair.client.codec.can_open_stream());
  pair.client.request(get_request());
  EXPECT_FALSE(pair.client.codec.can_open_stream());
  EXPECT_TRUE(pair.client.codec.reusable());
  pair.run();
  pair.server.stream(0).encoder->send_headers(Message(ok_response()), true);
  pair.run();
  EXPECT_TRUE(pair.client.codec.can_open_stream());
}

TEST(Connection, HeadHeldBackByALimitThatShrankOutlivesItsMessage) {
  http::Http2Options server_options;
  server_options.max_concurrent_streams = 1;
  Pair pair(server_options);
  FakeHandler& first = pair.client.open();
  FakeHandler& second = pair.client.open();
  FakeHandler& ping = pair.client.request(get_request());
  pair.run();  // the limit arrives
  EXPECT_EQ(pair.server.streams.size(), 1u);
  first.encoder->send_headers(Message(post_request()), true);
  second.encoder->send_headers(Message(get_request()), true);
  pair.run();
  EXPECT_EQ(pair.server.streams.size(), 1u);
  pair.server.stream(0).encoder->send_headers(Message(ok_response()), true);
  pair.run();
  EXPECT_EQ(ping.closed, 1);
  ASSERT_EQ(pair.server.streams.size(), 2u);
  EXPECT_EQ(pair.server.stream(1).get(":method"), "POST");
  std::exchange(first.encoder, nullptr)->reset(ResetReason::local_reset);
  std::exchange(second.encoder, nullptr)->reset(ResetReason::local_reset);
  pair.run();
  EXPECT_EQ(pair.client.codec.active_streams(), 0u);
}

TEST(Connection, StreamsBeyondTheLimitEndTheConnectionOnceItIsAcknowledged) {
  http::Http2Options options;
  options.max_concurrent_streams = 1;
  ServerSide server(options);
  FeedResult early =
      server.codec.feed(preface() + headers(1, post_request(), kNone) + headers(3, get_request()));
  EXPECT_EQ(early.kind, FeedResult::Kind::ok);
  EXPECT_EQ(server.streams.size(), 1u);
  EXPECT_EQ(of_type(server.transport.out, kRstStream).at(0).code(), 7u)
      << "refused: the client could not know yet";
  EXPECT_EQ(server.stats.stream_refused_errors.value(), 1u);
  FeedResult late = server.codec.feed(frame(kSettings, kAck, 0) + headers(5, get_request()));
  EXPECT_EQ(late.kind, FeedResult::Kind::close);
}

TEST(Connection, DrainInTwoSteps) {
  Pair pair;
  FakeHandler& before = pair.client.request(get_request());
  pair.run();
  pair.server.codec.begin_drain();
  EXPECT_EQ(of_type(pair.server.transport.out, kGoaway).at(0).read(0), 0x7fffffffu);
  FakeHandler& crossing = pair.client.request(get_request());  // left before the GOAWAY arrived
  pair.run();
  EXPECT_EQ(pair.client.goaways, 1);
  EXPECT_FALSE(pair.client.codec.can_open_stream());
  EXPECT_FALSE(pair.client.codec.reusable());
  ASSERT_EQ(pair.server.streams.size(), 2u);

  pair.server.codec.finish_drain();
  EXPECT_EQ(of_type(pair.server.transport.out, kGoaway).at(0).read(0), 3u);
  EXPECT_EQ(pair.server.stats.goaway_sent.value(), 1u);
  for (auto& stream : pair.server.streams)
    stream->encoder->send_headers(Message(ok_response()), true);
  pair.run();
  EXPECT_EQ(before.closed, 1);
  EXPECT_EQ(crossing.closed, 1);
  EXPECT_EQ(pair.client.goaways, 1) << "told once";
  EXPECT_EQ(pair.client_result.kind, FeedResult::Kind::close);
  EXPECT_EQ(pair.client_result.detail, "") << "nobody broke the protocol";
}

TEST(Connection, IsFinishedWithTheLastStreamAfterGoaway) {
  Pair pair;
  pair.client.request(get_request());
  pair.run();
  EXPECT_FALSE(pair.server.codec.finished());
  pair.server.codec.begin_drain();
  pair.server.codec.finish_drain();
  EXPECT_FALSE(pair.server.codec.finished()) << "one stream is left";
  pair.server.stream().encoder->send_headers(Message(ok_response()), false);
  pair.server.stream().encoder->send_body("ok", true);  // between two feeds
  EXPECT_TRUE(pair.server.codec.finished());
}

TEST(Connection, IsNotFinishedWhileAResponseWaitsForTheWindow) {
  http::Http2Options small;
  small.initial_stream_window_size = 10;
  Pair pair({}, small);
  FakeHandler& stream = pair.client.request(get_request());
  stream.encoder->pause_reading(true);
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  seen.encoder->send_body(std::string(30, 'x'), true);
  pair.server.codec.finish_drain();
  pair.run();
  EXPECT_FALSE(pair.server.codec.finished());
  EXPECT_EQ(pair.server.codec.active_streams(), 1u);
  EXPECT_EQ(seen.closed, 0);
  stream.encoder->pause_reading(false);
  pair.run();
  EXPECT_EQ(stream.body.size(), 30u);
  EXPECT_EQ(seen.closed, 1);
  EXPECT_TRUE(pair.server.codec.finished());
}

TEST(Connection, StreamsAboveTheGoawayWereNotProcessed) {
  ClientSide client;
  FakeHandler& first = client.request(get_request());
  FakeHandler& second = client.request(get_request());
  client.codec.feed(settings() + frame(kGoaway, kNone, 0, number(1) + number(0)));
  EXPECT_EQ(client.goaways, 1);
  EXPECT_EQ(first.resets, 0);
  EXPECT_EQ(second.resets, 1);
  EXPECT_EQ(second.reason, ResetReason::remote_refused_stream);
  EXPECT_EQ(second.detail, "http2.goaway");
  FeedResult result = client.codec.feed(headers(1, ok_response()));
  EXPECT_EQ(first.closed, 1);
  EXPECT_EQ(result.kind, FeedResult::Kind::close);
}

TEST(Connection, ServerHearsTheClientsGoaway) {
  Pair pair;
  pair.client.request(get_request());
  pair.run();
  pair.client.codec.begin_drain();
  EXPECT_FALSE(pair.client.codec.can_open_stream());
  pair.client.codec.finish_drain();
  pair.run();
  EXPECT_EQ(pair.server.goaways, 1);
  pair.server.stream().encoder->send_headers(Message(ok_response()), true);
  pair.run();
  EXPECT_EQ(pair.client.streams[0]->closed, 1);
}

TEST(Connection, PingIsOutstandingUntilItsAnswer) {
  Pair pair;
  pair.client.codec.send_ping();
  EXPECT_TRUE(pair.client.codec.ping_outstanding());
  pair.to_server();
  EXPECT_TRUE(pair.client.codec.ping_outstanding());
  pair.to_client();
  EXPECT_FALSE(pair.client.codec.ping_outstanding());
  EXPECT_FALSE(pair.server.codec.ping_outstanding());
  pair.server.codec.send_ping();
  pair.run();
  EXPECT_FALSE(pair.server.codec.ping_outstanding());
}

TEST(Connection, SettingsMayGrowAndShrinkWindowsMidStream) {
  ServerSide server;
  server.codec.feed(preface({{4, 10}}) + get(1));
  server.stream().encoder->send_headers(Message(ok_response()), false);
  server.transport.take();
  server.stream().encoder->send_body(std::string(100, 'x'), true);
  EXPECT_EQ(of_type(server.transport.out, kData).at(0).payload.size(), 10u);
  server.transport.take();
  server.codec.feed(settings({{4, 30}}));
  EXPECT_EQ(of_type(server.transport.out, kData).at(0).payload.size(), 20u);
  server.codec.feed(settings({{4, 0}}));
  server.transport.take();
  server.codec.feed(window_update(1, 100));
  EXPECT_EQ(of_type(server.transport.out, kData).at(0).payload.size(), 70u);
  EXPECT_EQ(server.stream().closed, 1);
}

TEST(Connection, BadPrefaceIsAnswered) {
  ServerSide server;
  FeedResult result = server.codec.feed("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(result.kind, FeedResult::Kind::close);
  EXPECT_EQ(result.detail, "http2.bad_connection_preface");
  EXPECT_EQ(of_type(server.transport.out, kGoaway).size(), 1u);
}

}  // namespace
}  // namespace outrigger::http2::testing
