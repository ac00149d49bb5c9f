// The octets of a stream: its frames with their heads.
#include <gtest/gtest.h>

#include "test/unit/http2/frames.h"
#include "test/unit/http2/harness.h"

namespace outrigger::http2::testing {
namespace {

constexpr size_t kFrameHead = 9;

TEST(WireBytes, CountsFramesOfTheStream) {
  ServerSide server;
  std::string head = headers(1, post_request(), kNone);
  server.codec.feed(preface() + head + frame(kData, kNone, 1, "hel") +
                    frame(kData, kEndStream, 1, "lo"));
  FakeHandler& stream = server.stream();
  EXPECT_EQ(stream.wire.headers_received, head.size());
  EXPECT_EQ(stream.wire.received, head.size() + 2 * kFrameHead + 5);
  EXPECT_GT(stream.wire.decompressed_headers_received, 0u);
  EXPECT_EQ(stream.wire.sent, 0u);
  stream.encoder->send_headers(Message(ok_response()), false);
  uint64_t head_sent = stream.wire.sent;
  EXPECT_EQ(stream.wire.headers_sent, head_sent);
  EXPECT_GT(head_sent, kFrameHead);
  stream.encoder->send_body("abc", true);
  EXPECT_EQ(stream.wire.sent, head_sent + kFrameHead + 3);
  EXPECT_EQ(stream.wire.headers_sent, head_sent);
}

TEST(WireBytes, OneStreamsOctetsAreNotAnothers) {
  ServerSide server;
  server.codec.feed(preface() + get(1) + get(3));
  EXPECT_EQ(server.stream(0).wire.received, get(1).size());
  EXPECT_EQ(server.stream(1).wire.received, get(3).size());
}

}  // namespace
}  // namespace outrigger::http2::testing
