// One peer against the others: every flood is cut off, named and counted; what is legal just below
// it is not.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

using http::FeedResult;
using http::ResetReason;

constexpr uint32_t kCancel = 8;

void expect_cut_off(const FeedResult& result, std::string_view detail) {
  EXPECT_EQ(result.kind, FeedResult::Kind::close);
  EXPECT_EQ(result.detail, detail);
}

TEST(Flood, EmptyDataFrames) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, post_request(), kNone));
  EXPECT_EQ(server.codec
                .feed(frame(kData, kNone, 1) + frame(kData, kNone, 1, "x") + frame(kData, kNone, 1))
                .kind,
            FeedResult::Kind::ok);
  expect_cut_off(server.codec.feed(frame(kData, kNone, 1)), "http2.inbound_empty_frames_flood");
  EXPECT_EQ(server.stats.inbound_empty_frames_flood.value(), 1u);
}

TEST(Flood, PaddedDataFramesWithoutContent) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, post_request(), kNone));
  std::string padding = frame(kData, kPadded, 1, std::string("\3\0\0\0", 4));
  EXPECT_EQ(server.codec.feed(padding).kind, FeedResult::Kind::ok);
  expect_cut_off(server.codec.feed(padding), "http2.inbound_empty_frames_flood");
}

TEST(Flood, EmptyContinuations) {
  ServerSide server;
  server.codec.feed(preface());
  std::string block = hpack(get_request());
  FeedResult result = server.codec.feed(frame(kHeaders, kEndStream, 1, block) +
                                        repeat(frame(kContinuation, kNone, 1), 3));
  expect_cut_off(result, "http2.inbound_empty_frames_flood");
}

TEST(Flood, EndlessContinuations) {
  ServerSide server;
  server.codec.feed(preface());
  std::string bytes = frame(kHeaders, kEndStream, 1, hpack(get_request()));
  bytes += repeat(frame(kContinuation, kNone, 1, hpack({{"a", "b"}})), 20);
  expect_cut_off(server.codec.feed(bytes), "http2.continuation_flood");
}

TEST(Flood, PriorityFrames) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, post_request(), kNone));
  std::string priority = frame(kPriority, kNone, 1, number(0) + "\x10");
  EXPECT_EQ(server.codec.feed(repeat(priority, 200)).kind, FeedResult::Kind::ok);
  expect_cut_off(server.codec.feed(priority), "codec_error:Too_many_PRIORITY_frames");
  EXPECT_EQ(server.stats.inbound_priority_frames_flood.value(), 1u);
}

TEST(Flood, WindowUpdates) {
  ServerSide server;
  server.codec.feed(preface() + headers(1, post_request(), kNone));
  EXPECT_EQ(server.codec.feed(repeat(window_update(0, 1), 7)).kind, FeedResult::Kind::ok);
  server.stream().encoder->send_headers(Message(ok_response()), false);
  server.stream().encoder->send_body("one DATA frame", false);
  EXPECT_EQ(server.codec.feed(repeat(window_update(1, 1), 20)).kind, FeedResult::Kind::ok);
  expect_cut_off(server.codec.feed(window_update(0, 1)),
                 "codec_error:Too_many_WINDOW_UPDATE_frames");
  EXPECT_EQ(server.stats.inbound_window_update_frames_flood.value(), 1u);
}

TEST(Flood, PingsInOneRead) {
  ServerSide server;
  std::string ping = frame(kPing, kNone, 0, "12345678");
  EXPECT_EQ(server.codec.feed(preface() + repeat(ping, 900)).kind, FeedResult::Kind::ok);
  EXPECT_EQ(of_type(server.transport.take(), kPing).size(), 900u);
  EXPECT_EQ(server.codec.feed(repeat(ping, 900)).kind, FeedResult::Kind::ok)
      << "the first ones have left";
  expect_cut_off(server.codec.feed(repeat(ping, 1100)),
                 "codec_error:Too_many_control_frames_in_the_outbound_queue.");
  EXPECT_EQ(server.stats.outbound_control_flood.value(), 1u);
}

TEST(Flood, PingsOfAPeerThatDoesNotRead) {
  ServerSide server;
  std::string ping = frame(kPing, kNone, 0, "12345678");
  server.codec.feed(preface());
  server.codec.on_transport_blocked();
  FeedResult result;
  int reads = 0;
  for (; reads < 1100 && result.kind == FeedResult::Kind::ok; ++reads)
    result = server.codec.feed(ping);
  EXPECT_EQ(reads, 1000) << "and the acknowledgement of the first SETTINGS";
  expect_cut_off(result, "codec_error:Too_many_control_frames_in_the_outbound_queue.");
}

TEST(Flood, SettingsOfAPeerThatDoesNotRead) {
  ServerSide server;
  server.codec.feed(preface());
  server.codec.on_transport_blocked();
  FeedResult result;
  int reads = 0;
  for (; reads < 1100 && result.kind == FeedResult::Kind::ok; ++reads)
    result = server.codec.feed(settings({{4, 1000}}));
  EXPECT_EQ(reads, 1000) << "and the acknowledgement of the first SETTINGS";
  expect_cut_off(result, "codec_error:Too_many_control_frames_in_the_outbound_queue.");
}

TEST(Flood, AnswersToAPeerThatDoesNotRead) {
  http::Http2Options options;
  options.max_outbound_frames = 50;
  ServerSide server(options);
  server.answer_with("");
  server.codec.feed(preface());
  server.codec.on_transport_blocked();
  FeedResult result;
  uint32_t id = 1;
  for (; id < 1000 && result.kind == FeedResult::Kind::ok; id += 2)
    result = server.codec.feed(get(id));
  EXPECT_EQ(id, 2 * 48u + 1) << "48 answers, our SETTINGS, WINDOW_UPDATE and acknowledgement";
  expect_cut_off(result, "codec_error:Too_many_frames_in_the_outbound_queue.");
  EXPECT_EQ(server.stats.outbound_flood.value(), 1u);
}

TEST(Flood, AReaderIsNeverCutOff) {
  http::Http2Options options;
  options.max_outbound_frames = 50;
  ServerSide server(options);
  server.answer_with("");
  server.codec.feed(preface());
  for (uint32_t id = 1; id < 1000; id += 2)
    ASSERT_EQ(server.codec.feed(get(id)).kind, FeedResult::Kind::ok);
  EXPECT_EQ(server.stats.outbound_frames_active.value(), 1);
}

TEST(Flood, RapidReset) {
  ServerSide server;
  FeedResult result = server.codec.feed(preface());
  uint32_t id = 1;
  for (; id < 2000 && result.kind == FeedResult::Kind::ok; id += 2)
    result = server.codec.feed(get(id) + reset(id, kCancel));
  expect_cut_off(result, "too_many_premature_resets");
  EXPECT_EQ(id, 2 * 250u + 1) << "half of 500: no later stream could outweigh them by then";
}

TEST(Flood, ResetsThatAreSpreadOverTimeAreFine) {
  ServerSide server;
  FeedResult result = server.codec.feed(preface());
  uint32_t id = 1;
  for (int window = 0; window < 20; ++window) {
    for (int i = 0; i < 100; ++i, id += 2) result = server.codec.feed(get(id) + reset(id, kCancel));
    ASSERT_EQ(result.kind, FeedResult::Kind::ok) << window;
    server.codec.next_window();
  }
}

TEST(Flood, AFailureWhileItSendsIsToldAtOnce) {
  http::Http2Options options;
  options.max_outbound_frames = 5;
  ServerSide server(options);
  server.codec.feed(preface() + get(1));
  server.codec.on_transport_blocked();
  EXPECT_EQ(server.failures, 0);
  for (int i = 0; i < 10; ++i)
    server.stream().encoder->send_informational(Message({{":status", "103"}}));
  EXPECT_EQ(server.failures, 1);
  EXPECT_TRUE(server.codec.finished());
  expect_cut_off(server.codec.feed({}), "codec_error:Too_many_frames_in_the_outbound_queue.");
}

TEST(Flood, RapidResetInOneRead) {
  ServerSide server;
  std::string bytes = preface();
  for (uint32_t id = 1; id < 2000; id += 2) bytes += get(id) + reset(id, kCancel);
  expect_cut_off(server.codec.feed(bytes), "too_many_premature_resets");
  EXPECT_EQ(server.streams.size(), 250u) << "nothing is read after the cut";
}

TEST(Flood, ResetsAfterAResponseBeganAreFine) {
  ServerSide server;
  server.then_new_stream = [](FakeHandler& stream) {
    stream.then_headers = [&stream] {
      stream.encoder->send_headers(Message(ok_response()), false);
    };
  };
  server.codec.feed(preface());
  for (uint32_t id = 1; id < 3000; id += 2) {
    ASSERT_EQ(server.codec.feed(get(id)).kind, FeedResult::Kind::ok);
    ASSERT_EQ(server.codec.feed(reset(id, kCancel)).kind, FeedResult::Kind::ok);
  }
}

TEST(Flood, SomeResetsAmongManyStreamsAreFine) {
  ServerSide server;
  server.codec.feed(preface());
  for (uint32_t id = 1; id < 4000; id += 2) {
    ASSERT_EQ(server.codec.feed(get(id)).kind, FeedResult::Kind::ok);
    if (id % 3 == 0) {
      ASSERT_EQ(server.codec.feed(reset(id, kCancel)).kind, FeedResult::Kind::ok) << id;
    } else {
      server.streams.back()->encoder->send_headers(Message(ok_response()), true);
    }
  }
}

TEST(Flood, CutOffFromTheUpstreamSideToo) {
  ClientSide client;
  FakeHandler& stream = client.request(get_request());
  client.codec.feed(settings() + headers(1, ok_response(), kNone));
  expect_cut_off(client.codec.feed(repeat(frame(kData, kNone, 1), 2)),
                 "http2.inbound_empty_frames_flood");
  EXPECT_FALSE(client.codec.can_open_stream());
  client.codec.on_connection_lost(ResetReason::protocol_error, "http2.inbound_empty_frames_flood");
  EXPECT_EQ(stream.resets, 1);
}

}  // namespace
}  // namespace outrigger::http2::testing
