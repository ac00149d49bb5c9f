#include "proxy/upstream/tunnel_codec.h"

#include <string>

#include <gtest/gtest.h>

namespace outrigger::upstream {
namespace {

struct Wire final : http::CodecTransport {
  void write(Bytes bytes) override { written.append(bytes); }
  char* reserve(size_t bytes) override {
    reserved.resize(bytes);
    return reserved.data();
  }
  void commit(size_t bytes) override { written.append(reserved, 0, bytes); }
  void pause_reading(bool pause) override { paused = pause; }
  void shutdown_write() override { fin = true; }

  std::string written;
  std::string reserved;
  bool paused = false;
  bool fin = false;
};

struct Tunnel final : http::StreamHandler {
  Arena& arena() override { return memory; }
  void on_headers(http::HeaderMap& headers, bool end_stream) override {
    status = headers.get(http::HeaderId::status);
    ended = end_stream;
    if (reset_at_head != nullptr) reset_at_head->reset(http::ResetReason::local_reset);
  }
  void on_body(Bytes bytes, bool end_stream) override {
    received.append(bytes);
    ended = end_stream;
  }
  void on_trailers(http::HeaderMap&) override { FAIL() << "a byte stream has no trailers"; }
  void on_reset(http::ResetReason reason, std::string_view) override {
    ++resets;
    reset_reason = reason;
  }
  void on_stream_closed() override { ++closes; }

  ChunkPool pool;
  Arena memory{pool};
  std::string status;
  std::string received;
  bool ended = false;
  int resets = 0;
  int closes = 0;
  http::ResetReason reset_reason{};
  http::StreamEncoder* reset_at_head = nullptr;
};

class TunnelCodecTest : public ::testing::Test {
 protected:
  http::StreamEncoder& open(bool end_stream = false) {
    http::StreamEncoder& encoder = codec_.open_stream(tunnel_);
    http::HeaderMap headers(tunnel_.memory);
    headers.add(http::HeaderId::method, "CONNECT");
    encoder.send_headers(headers, end_stream);
    return encoder;
  }

  Wire wire_;
  Tunnel tunnel_;
  TunnelCodec codec_{wire_};
};

TEST_F(TunnelCodecTest, AnswersTheHeadItselfAndSendsNothingOfIt) {
  open();
  EXPECT_EQ(tunnel_.status, "200");
  EXPECT_FALSE(tunnel_.ended);
  EXPECT_EQ(wire_.written, "");
  EXPECT_FALSE(wire_.fin);
}

TEST_F(TunnelCodecTest, CarriesOctetsBothWaysAndEndsWithBothEnds) {
  http::StreamEncoder& encoder = open();
  encoder.send_body("hello", false);
  EXPECT_EQ(codec_.feed("world").consumed, 5u);
  EXPECT_EQ(wire_.written, "hello");
  EXPECT_EQ(tunnel_.received, "world");

  encoder.send_body("!", true);
  EXPECT_EQ(wire_.written, "hello!");
  EXPECT_TRUE(wire_.fin);
  EXPECT_EQ(tunnel_.closes, 0);
  codec_.feed("still here");
  EXPECT_EQ(tunnel_.received, "worldstill here");
  codec_.feed_eof();
  EXPECT_TRUE(tunnel_.ended);
  EXPECT_EQ(tunnel_.closes, 1);
  EXPECT_TRUE(codec_.finished());
}

TEST_F(TunnelCodecTest, ARequestWithoutBodyIsAFinAtOnce) {
  open(true);
  EXPECT_TRUE(wire_.fin);
  EXPECT_EQ(tunnel_.status, "200");
}

TEST_F(TunnelCodecTest, TrailersAreTheEnd) {
  http::StreamEncoder& encoder = open();
  http::HeaderMap trailers(tunnel_.memory);
  trailers.add("x-sum", "1");
  encoder.send_trailers(trailers);
  EXPECT_TRUE(wire_.fin);
  EXPECT_EQ(wire_.written, "");
}

TEST_F(TunnelCodecTest, TakesOneStreamOnly) {
  EXPECT_TRUE(codec_.can_open_stream());
  EXPECT_TRUE(codec_.reusable());
  open().reset(http::ResetReason::local_reset);
  EXPECT_FALSE(codec_.can_open_stream());
  EXPECT_FALSE(codec_.reusable());
  EXPECT_TRUE(codec_.finished());
  EXPECT_EQ(tunnel_.resets, 0);
}

TEST_F(TunnelCodecTest, AHandlerThatGivesUpAtTheHeadHearsNothingMore) {
  tunnel_.reset_at_head = &codec_.open_stream(tunnel_);
  http::HeaderMap headers(tunnel_.memory);
  tunnel_.reset_at_head->send_headers(headers, true);
  EXPECT_FALSE(wire_.fin);
  EXPECT_EQ(codec_.feed("late").kind, http::FeedResult::Kind::close);
  EXPECT_EQ(tunnel_.received, "");
}

TEST_F(TunnelCodecTest, WhatComesBeforeTheStreamMakesTheConnectionUseless) {
  EXPECT_EQ(codec_.feed("220 ready").kind, http::FeedResult::Kind::close);
  EXPECT_FALSE(codec_.can_open_stream());
}

TEST_F(TunnelCodecTest, ALostConnectionResetsTheStream) {
  open();
  codec_.on_connection_lost(http::ResetReason::connection_termination, "gone");
  EXPECT_EQ(tunnel_.resets, 1);
  EXPECT_EQ(tunnel_.reset_reason, http::ResetReason::connection_termination);
  EXPECT_EQ(codec_.active_streams(), 0u);
}

TEST_F(TunnelCodecTest, PausesCountAndEndWithTheStream) {
  http::StreamEncoder& encoder = open();
  encoder.pause_reading(true);
  encoder.pause_reading(true);
  encoder.pause_reading(false);
  EXPECT_TRUE(wire_.paused);
  encoder.reset(http::ResetReason::local_reset);
  EXPECT_FALSE(wire_.paused);
}

}  // namespace
}  // namespace outrigger::upstream
