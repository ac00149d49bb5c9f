// Streams that end early, whoever ends them, and calls from inside callbacks.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

using http::FeedResult;
using http::ResetReason;

constexpr uint32_t kNoError = 0, kProtocolError = 1, kInternalError = 2, kRefusedStream = 7,
                   kCancel = 8, kConnectError = 10;

TEST(Reset, ClientCancelsAndTheServerHears) {
  Pair pair;
  FakeHandler& stream = pair.client.request(post_request(), false);
  pair.run();
  stream.encoder->reset(ResetReason::local_reset);
  EXPECT_EQ(of_type(pair.client.transport.out, kRstStream).at(0).code(), kCancel);
  pair.run();
  EXPECT_EQ(pair.server.stream().resets, 1);
  EXPECT_EQ(pair.server.stream().reason, ResetReason::remote_reset);
  EXPECT_EQ(pair.server.stream().detail, "http2.remote_reset");
  EXPECT_EQ(stream.resets + stream.closed, 0) << "no callback follows one's own reset";
  EXPECT_EQ(pair.server.stats.rx_reset.value(), 1u);
  EXPECT_EQ(pair.client.stats.tx_reset.value(), 1u);
  EXPECT_EQ(pair.client.codec.active_streams() + pair.server.codec.active_streams(), 0u);
}

struct Mapping {
  ResetReason sent;
  uint32_t code;
  ResetReason heard;
};

TEST(Reset, ServerReasonsOnTheWire) {
  const Mapping kMappings[] = {
      {ResetReason::local_reset, kInternalError, ResetReason::remote_reset},
      {ResetReason::local_refused_stream, kRefusedStream, ResetReason::remote_refused_stream},
      {ResetReason::remote_refused_stream, kRefusedStream, ResetReason::remote_refused_stream},
      {ResetReason::overflow, kRefusedStream, ResetReason::remote_refused_stream},
      {ResetReason::connect_error, kConnectError, ResetReason::connect_error},
      {ResetReason::protocol_error, kProtocolError, ResetReason::remote_reset},
      {ResetReason::connection_failure, kInternalError, ResetReason::remote_reset},
      {ResetReason::connection_termination, kInternalError, ResetReason::remote_reset},
  };
  for (const Mapping& mapping : kMappings) {
    Pair pair;
    FakeHandler& stream = pair.client.request(get_request());
    pair.run();
    pair.server.stream().encoder->reset(mapping.sent);
    EXPECT_EQ(of_type(pair.server.transport.out, kRstStream).at(0).code(), mapping.code);
    pair.run();
    EXPECT_EQ(stream.resets, 1);
    EXPECT_EQ(stream.reason, mapping.heard);
  }
}

TEST(Reset, CompleteEarlyResponseThenNoError) {
  Pair pair;
  FakeHandler& stream = pair.client.request(post_request(), false);
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message({{":status", "413"}}), false);
  seen.encoder->send_body("too large", true);
  seen.encoder->reset(ResetReason::local_reset);
  EXPECT_EQ(of_type(pair.server.transport.out, kRstStream).at(0).code(), kNoError);
  pair.run();
  EXPECT_EQ(stream.body, "too large");
  EXPECT_EQ(stream.closed, 1) << "a complete response with NO_ERROR is a good end";
  EXPECT_EQ(stream.resets, 0);
  EXPECT_EQ(pair.client.codec.active_streams(), 0u);
}

TEST(Reset, EarlyResponseIsDeliveredInFullBeforeNoError) {
  http::Http2Options small;
  small.initial_stream_window_size = 65'535;
  Pair pair({}, small);
  FakeHandler& stream = pair.client.request(post_request(), false);
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  seen.encoder->send_body(std::string(150'000, 'x'), false);
  seen.encoder->send_trailers(Message({{"grpc-status", "0"}}));
  seen.encoder->reset(ResetReason::local_reset);
  EXPECT_EQ(pair.server.codec.active_streams(), 0u);
  pair.run();
  EXPECT_EQ(stream.body.size(), 150'000u);
  EXPECT_EQ(FakeHandler::find(stream.trailers, "grpc-status"), "0");
  EXPECT_EQ(stream.closed, 1);
  EXPECT_EQ(seen.resets + seen.closed, 0);
  EXPECT_EQ(pair.server.stats.streams_active.value(), 0);
  EXPECT_EQ(pair.server.stats.pending_send_bytes.value(), 0);
}

TEST(Reset, LingeringResponsesAreBounded) {
  http::Http2Options tiny;
  tiny.initial_stream_window_size = 0;
  http::Http2Options server_options;
  Pair pair(server_options, tiny);
  for (size_t i = 0; i < 20; ++i) {
    pair.client.request(post_request(), false);
    pair.run();
    pair.server.stream(i).encoder->send_headers(Message(ok_response()), false);
    pair.server.stream(i).encoder->send_body(std::string(200'000, 'x'), true);
    pair.server.stream(i).encoder->reset(ResetReason::local_reset);
    pair.run();
  }
  EXPECT_LE(pair.server.stats.pending_send_bytes.value(), 1024 * 1024);
  EXPECT_GT(pair.server.stats.pending_send_bytes.value(), 0);
}

TEST(Reset, UnfinishedResponseIsAnError) {
  Pair pair;
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  pair.server.stream().encoder->send_headers(Message(ok_response()), false);
  pair.server.stream().encoder->send_body("half", false);
  pair.server.stream().encoder->reset(ResetReason::local_reset);
  pair.run();
  EXPECT_EQ(stream.resets, 1);
  EXPECT_EQ(stream.closed, 0);
}

TEST(Reset, FromInsideEveryCallback) {
  for (int where = 0; where < 3; ++where) {
    Pair pair;
    pair.server.then_new_stream = [where](FakeHandler& stream) {
      auto give_up = [&stream] {
        std::exchange(stream.encoder, nullptr)->reset(ResetReason::local_reset);
      };
      if (where == 0) stream.then_headers = give_up;
      if (where == 1) stream.then_body = give_up;
      if (where == 2) stream.then_trailers = give_up;
    };
    FakeHandler& stream = pair.client.request(post_request(), false);
    stream.encoder->send_body("body", false);
    stream.encoder->send_trailers(Message({{"a", "b"}}));
    pair.run();
    EXPECT_EQ(stream.resets, 1) << where;
    FakeHandler& seen = pair.server.stream();
    EXPECT_EQ(seen.closed + seen.resets, 0) << where;
    EXPECT_EQ(seen.body, where == 0 ? "" : "body") << where;
    EXPECT_EQ(pair.server.stats.streams_active.value(), 0) << where;
  }
}

TEST(Reset, OneStreamsCallbackMayResetTheOthers) {
  Pair pair;
  for (int i = 0; i < 4; ++i) pair.client.request(post_request(), false);
  pair.run();
  for (auto& stream : pair.server.streams) {
    stream->then_blocked = [&pair] {
      for (auto& other : pair.server.streams) {
        if (other->encoder != nullptr)
          std::exchange(other->encoder, nullptr)->reset(ResetReason::local_reset);
      }
    };
  }
  pair.server.codec.on_transport_blocked();
  EXPECT_EQ(pair.server.codec.active_streams(), 0u);
  pair.server.codec.on_transport_resumed();
  pair.run();
  for (auto& stream : pair.client.streams) EXPECT_EQ(stream->resets, 1);
}

TEST(Reset, BeforeAnythingWasSent) {
  Pair pair;
  FakeHandler& stream = pair.client.open();
  EXPECT_EQ(pair.client.codec.active_streams(), 1u);
  stream.encoder->reset(ResetReason::local_reset);
  EXPECT_EQ(pair.client.codec.active_streams(), 0u);
  EXPECT_EQ(pair.client.stats.streams_active.value(), 0);
}

TEST(Reset, LostConnectionEndsEveryStreamOnce) {
  Pair pair;
  for (int i = 0; i < 3; ++i) pair.client.request(post_request(), false);
  pair.run();
  pair.client.codec.on_connection_lost(ResetReason::connection_termination, "remote close");
  pair.server.codec.feed_eof();
  for (auto& stream : pair.client.streams) {
    EXPECT_EQ(stream->resets, 1);
    EXPECT_EQ(stream->reason, ResetReason::connection_termination);
    EXPECT_EQ(stream->detail, "remote close");
  }
  for (auto& stream : pair.server.streams) EXPECT_EQ(stream->resets, 1);
  EXPECT_FALSE(pair.client.codec.can_open_stream());
  EXPECT_FALSE(pair.client.codec.reusable());
  EXPECT_EQ(pair.server.codec.feed(get(9)).kind, FeedResult::Kind::close);
}

TEST(Reset, ConnectionLostInsideACallback) {
  Pair pair;
  for (int i = 0; i < 3; ++i) pair.client.request(post_request(), false);
  pair.server.then_new_stream = [&pair](FakeHandler& stream) {
    stream.then_headers = [&pair] {
      pair.server.codec.on_connection_lost(ResetReason::connection_termination, "gone");
    };
  };
  pair.run();
  ASSERT_EQ(pair.server.streams.size(), 1u);
  EXPECT_EQ(pair.server.stream().resets, 1);
  EXPECT_EQ(pair.server_result.kind, FeedResult::Kind::close);
}

TEST(Reset, ConnectionLostInsideAWrite) {
  Pair pair;
  pair.client.request(get_request());
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  pair.server.transport.high_watermark = 20'000;
  pair.server.transport.on_full = [&] {
    pair.server.codec.on_connection_lost(ResetReason::connection_termination, "gone");
  };
  seen.encoder->send_body(std::string(100'000, 'x'), true);
  EXPECT_EQ(seen.resets, 1);
  EXPECT_EQ(pair.server.stats.pending_send_bytes.value(), 0);
}

// Everything that can still happen to a connection after a stream of its own was given up.
void let_everything_happen(Pair& pair) {
  ServerSide& server = pair.server;
  pair.run();
  server.codec.feed(frame(kPriority, kNone, 1, number(0) + '\x10'));
  server.codec.feed(window_update(1, 1000) + window_update(0, 1000));
  server.codec.on_transport_blocked();
  server.codec.on_transport_resumed();
  server.codec.feed(settings({{4, 0}}) + settings({{4, 1 << 20}}));
  server.codec.feed(frame(kData, kNone, 1, "the rest"));
  server.codec.begin_drain();
  server.codec.finish_drain();
  server.codec.feed(reset(1, kCancel));
  server.codec.feed_eof();
  server.codec.on_connection_lost(ResetReason::connection_termination, "gone");
}

struct GivenUp {
  const char* when;
  bool request_ends;
  bool head;
  size_t body;
  bool response_ends;
  bool transport_blocked;
};

TEST(Reset, AHandlerThatLeftIsNeverCalledAgain) {
  const GivenUp kCases[] = {
      {"before the response", true, false, 0, false, false},
      {"within the response, request open", false, true, 0, false, false},
      {"body waits for the window", true, true, 5000, false, false},
      {"complete response waits for the window", true, true, 5000, true, false},
      {"complete response waits for the window, request open", false, true, 5000, true, false},
      {"complete response waits for the transport, request open", false, true, 50, true, true},
      {"body is above the high watermark", false, true, 500'000, false, false},
  };
  for (const GivenUp& given : kCases) {
    SCOPED_TRACE(given.when);
    http::Http2Options small;
    small.initial_stream_window_size = 100;
    Pair pair({}, small);
    pair.client.request(post_request(), given.request_ends).encoder->pause_reading(true);
    pair.run();
    FakeHandler& seen = pair.server.stream();
    if (given.transport_blocked) pair.server.codec.on_transport_blocked();
    if (given.head) seen.encoder->send_headers(Message(ok_response()), false);
    if (given.body > 0) {
      seen.encoder->send_body(std::string(given.body, 'x'), given.response_ends);
    }
    seen.encoder->reset(ResetReason::local_reset);
    // The real handler is destroyed now.
    std::string heard;
    auto hears = [&heard](const char* what) { return [&heard, what] { heard += what; }; };
    seen.then_body = hears("body ");
    seen.then_trailers = hears("trailers ");
    seen.then_reset = hears("reset ");
    seen.then_blocked = hears("blocked ");
    seen.then_resumed = hears("resumed ");
    seen.then_closed = hears("closed ");
    EXPECT_EQ(pair.server.codec.active_streams(), 0u);
    let_everything_happen(pair);
    EXPECT_EQ(heard, "");
    EXPECT_EQ(pair.server.stats.pending_send_bytes.value(), 0);
  }
}

// Until then its octets are the codec's, and its handler has to stay.
TEST(Reset, ACompleteResponseThatWaitsForTheWindowIsStillAStream) {
  http::Http2Options small;
  small.initial_stream_window_size = 100;
  Pair pair({}, small);
  pair.client.request(get_request()).encoder->pause_reading(true);
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  seen.encoder->send_body(std::string(5000, 'x'), true);
  pair.run();
  EXPECT_EQ(seen.closed, 0);
  EXPECT_EQ(pair.server.codec.active_streams(), 1u);
  pair.server.codec.feed_eof();
  EXPECT_EQ(seen.resets, 1);
  EXPECT_EQ(seen.reason, ResetReason::connection_termination);
}

TEST(Reset, PeersResetWhileABodyIsQueued) {
  http::Http2Options small;
  small.initial_stream_window_size = 1000;
  Pair pair({}, small);
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  seen.encoder->send_body(std::string(5000, 'x'), true);
  EXPECT_GT(pair.server.stats.pending_send_bytes.value(), 0);
  stream.encoder->reset(ResetReason::local_reset);
  pair.run();
  EXPECT_EQ(seen.resets, 1);
  EXPECT_EQ(pair.server.stats.pending_send_bytes.value(), 0);
}

}  // namespace
}  // namespace outrigger::http2::testing
