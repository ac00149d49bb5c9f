// Flow control and back-pressure, both directions.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

http::Http2Options windows(uint32_t stream, uint32_t connection) {
  http::Http2Options options;
  options.initial_stream_window_size = stream;
  options.initial_connection_window_size = connection;
  return options;
}

// Writes `total` octets as a well-behaved handler: stops when blocked, goes on when resumed.
struct Writer {
  Writer(FakeHandler& handler, size_t size) : handler_(handler), left(size) {
    handler_.then_resumed = [this] { go(); };
  }
  void go() {
    while (left > 0 && handler_.blocked == handler_.resumed) {
      size_t part = std::min<size_t>(left, 30'000);
      left -= part;
      handler_.encoder->send_body(std::string(part, 'd'), left == 0);
      if (handler_.encoder != nullptr)
        most_queued = std::max(most_queued, handler_.encoder->queued_bytes());
    }
  }
  FakeHandler& handler_;
  size_t left;
  size_t most_queued = 0;
};

constexpr size_t kTenMegabytes = 10'000'000;

TEST(Flow, LargeUploadUnderSmallWindowsStaysBounded) {
  Pair pair(windows(65'535, 100'000), windows(65'535, 100'000));
  FakeHandler& stream = pair.client.request(post_request(), false);
  Writer writer(stream, kTenMegabytes);
  writer.go();
  EXPECT_GT(writer.left, 9'000'000u);
  pair.run();
  EXPECT_EQ(pair.server.stream().body.size(), kTenMegabytes);
  EXPECT_TRUE(pair.server.stream().end_stream);
  EXPECT_LT(writer.most_queued, 65'535u + 30'000u);
  EXPECT_GT(stream.blocked, 10);
  EXPECT_EQ(stream.blocked, stream.resumed);
  EXPECT_EQ(pair.client.stats.pending_send_bytes.value(), 0);
}

TEST(Flow, LargeDownloadUnderSmallWindowsStaysBounded) {
  Pair pair(windows(1 << 20, 1 << 20), windows(300'000, 400'000));
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->send_headers(Message(ok_response()), false);
  Writer writer(seen, kTenMegabytes);
  writer.go();
  pair.run();
  EXPECT_EQ(stream.body.size(), kTenMegabytes);
  EXPECT_EQ(stream.closed, 1);
  EXPECT_LT(writer.most_queued, Stream::kQueueHighWatermark + 30'000u);
}

TEST(Flow, PausedReaderWithholdsItsWindow) {
  Pair pair(windows(65'535, 1'000'000));
  FakeHandler& stream = pair.client.request(post_request(), false);
  pair.run();
  FakeHandler& seen = pair.server.stream();
  seen.encoder->pause_reading(true);
  seen.encoder->pause_reading(true);
  Writer writer(stream, 500'000);
  writer.go();
  pair.run();
  EXPECT_EQ(seen.body.size(), 65'535u) << "one window and no more";
  seen.encoder->pause_reading(false);
  pair.run();
  EXPECT_EQ(seen.body.size(), 65'535u) << "pauses count";
  seen.encoder->pause_reading(false);
  pair.run();
  EXPECT_EQ(seen.body.size(), 500'000u);
}

TEST(Flow, AStreamThatDiesPausedGivesTheConnectionItsWindowBack) {
  Pair pair(windows(65'535, 65'535));
  for (int i = 0; i < 5; ++i) {
    FakeHandler& stream = pair.client.request(post_request(), false);
    pair.run();
    FakeHandler& seen = pair.server.stream(static_cast<size_t>(i));
    seen.encoder->pause_reading(true);
    stream.encoder->send_body(std::string(60'000, 'x'), false);
    pair.run();
    ASSERT_EQ(seen.body.size(), 60'000u) << "round " << i;
    if (i % 2 == 0) {
      seen.encoder->reset(http::ResetReason::local_reset);
    } else {
      stream.encoder->reset(http::ResetReason::local_reset);
    }
    pair.run();
  }
}

TEST(Flow, WhatAResetStreamStillReceivesIsCredited) {
  Pair pair(windows(65'535, 65'535));
  for (size_t i = 0; i < 5; ++i) {
    FakeHandler& stream = pair.client.request(post_request(), false);
    pair.to_server();
    pair.server.stream(i).encoder->reset(http::ResetReason::local_reset);
    stream.encoder->send_body(std::string(60'000, 'x'), false);  // crosses the RST_STREAM
    pair.run();
    EXPECT_EQ(stream.resets, 1);
  }
  FakeHandler& last = pair.client.request(post_request(), false);
  last.encoder->send_body(std::string(60'000, 'x'), true);
  pair.run();
  EXPECT_EQ(pair.server.stream(5).body.size(), 60'000u);
}

TEST(Flow, BlockedTransportStopsDataAndTellsStreams) {
  Pair pair;
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  FakeHandler& seen = pair.server.stream();
  pair.server.codec.on_transport_blocked();
  EXPECT_EQ(seen.blocked, 1);
  seen.encoder->send_headers(Message(ok_response()), false);
  seen.encoder->send_body("waits", true);
  EXPECT_EQ(seen.encoder->queued_bytes(), 5u);
  pair.run();
  EXPECT_EQ(stream.get(":status"), "200") << "heads are not held back";
  EXPECT_EQ(stream.body, "");
  pair.server.codec.on_transport_resumed();
  pair.run();
  EXPECT_EQ(stream.body, "waits");
  EXPECT_EQ(stream.closed, 1);
  EXPECT_EQ(seen.closed, 1);
}

TEST(Flow, TransportThatFillsUpDuringOneWriteStopsTheRest) {
  Pair pair;
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  FakeHandler& seen = pair.server.stream();
  pair.server.transport.high_watermark = 50'000;
  pair.server.transport.on_full = [&] { pair.server.codec.on_transport_blocked(); };
  seen.encoder->send_headers(Message(ok_response()), false);
  // A handler that does not know when to stop writes more from inside the callback: order must
  // hold.
  seen.then_blocked = [&] { seen.encoder->send_body("-tail", true); };
  seen.encoder->send_body(std::string(200'000, 'x'), false);
  EXPECT_EQ(seen.blocked, 1);
  EXPECT_LT(pair.server.transport.out.size(), 50'000u + 2 * 16'393u);
  EXPECT_GT(seen.encoder->queued_bytes(), 100'000u);
  pair.run();
  pair.server.codec.on_transport_resumed();
  pair.run();
  EXPECT_EQ(stream.body, std::string(200'000, 'x') + "-tail");
  EXPECT_EQ(stream.closed, 1);
}

TEST(Flow, StreamOpenedUnderABlockedTransportIsToldSo) {
  Pair pair;
  pair.server.codec.on_transport_blocked();
  pair.client.request(get_request());
  pair.run();
  EXPECT_EQ(pair.server.stream().blocked, 1);
  pair.server.codec.on_transport_resumed();
  EXPECT_EQ(pair.server.stream().resumed, 1);
}

TEST(Flow, TrailersWaitForTheBodyBeforeThem) {
  Pair pair({}, windows(65'535, 65'535));
  FakeHandler& stream = pair.client.request(get_request());
  pair.run();
  FakeHandler& seen = pair.server.stream();
  stream.encoder->pause_reading(true);
  seen.encoder->send_headers(Message(ok_response()), false);
  seen.encoder->send_body(std::string(100'000, 'x'), false);
  seen.encoder->send_trailers(Message({{"grpc-status", "0"}}));
  pair.run();
  EXPECT_EQ(stream.body.size(), 65'535u);
  EXPECT_TRUE(stream.trailers.empty());
  stream.encoder->pause_reading(false);
  pair.run();
  EXPECT_EQ(stream.body.size(), 100'000u);
  EXPECT_EQ(FakeHandler::find(stream.trailers, "grpc-status"), "0");
  EXPECT_EQ(stream.closed, 1);
  EXPECT_EQ(seen.closed, 1);
}

TEST(Flow, OneSlowStreamDoesNotStopAnother) {
  Pair pair({}, windows(65'535, 1'000'000));
  FakeHandler& slow = pair.client.request(get_request());
  FakeHandler& quick = pair.client.request(get_request());
  pair.run();
  slow.encoder->pause_reading(true);
  for (size_t i = 0; i < 2; ++i) {
    pair.server.stream(i).encoder->send_headers(Message(ok_response()), false);
    pair.server.stream(i).encoder->send_body(std::string(200'000, 'x'), true);
  }
  pair.run();
  EXPECT_EQ(slow.body.size(), 65'535u);
  EXPECT_EQ(quick.body.size(), 200'000u);
  EXPECT_EQ(quick.closed, 1);
}

TEST(Flow, BodiesGoOutInFullFramesFromTheCallersMemory) {
  Pair pair;
  pair.client.request(get_request());
  pair.run();
  pair.server.transport.take();
  pair.server.transport.writes = 0;
  pair.server.stream().encoder->send_headers(Message(ok_response()), false);
  pair.server.stream().encoder->send_body(std::string(64 * 1024, 'x'), true);
  auto data = of_type(pair.server.transport.out, kData);
  ASSERT_EQ(data.size(), 4u);
  EXPECT_EQ(data[0].payload.size(), 16'384u);
  EXPECT_EQ(data[3].flags & kEndStream, kEndStream);
  EXPECT_EQ(pair.server.transport.writes, 1u + 4 * 2);
}

}  // namespace
}  // namespace outrigger::http2::testing
