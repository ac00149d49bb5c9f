// Scripted peers of the codecs: a transport that remembers, and streams that tell their story as
// text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/codec.h"

namespace outrigger::http1::test {

class FakeTransport final : public http::CodecTransport {
 public:
  void write(Bytes bytes) override {
    output += bytes;
    ++writes;
  }
  char* reserve(size_t bytes) override {
    ++reserves;
    room_ = std::make_unique<char[]>(bytes);  // of exactly that size, for AddressSanitizer
    room_size_ = bytes;
    return room_.get();
  }
  void commit(size_t bytes) override {
    overrun = overrun || bytes > room_size_;
    output.append(room_.get(), bytes);
    room_.reset();
  }
  void pause_reading(bool pause) override { paused = pause; }
  void shutdown_write() override { shut_down = true; }

  std::string take() { return std::exchange(output, {}); }

  std::string output;
  bool paused = false;
  bool shut_down = false;
  bool overrun = false;
  int writes = 0;
  int reserves = 0;

 private:
  std::unique_ptr<char[]> room_;
  size_t room_size_ = 0;
};

std::string describe(const http::HeaderMap& headers);
http::HeaderMap& make_headers(
    Arena& arena, std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

// What a stream is told, one line an event: "headers :method=GET ... end", "body 5:hello end",
// "trailers a=b", "reset 5 detail", "error 400 detail", "closed". Adjacent bodies are one line, so
// that stories do not depend on how the octets arrived.
class FakeStream final : public http::StreamHandler {
 public:
  explicit FakeStream(ChunkPool& pool) : arena_(pool) {}

  Arena& arena() override { return arena_; }
  http::WireBytes* wire_bytes() override { return &wire; }
  void on_informational(http::HeaderMap& headers) override;
  void on_headers(http::HeaderMap& headers, bool end_stream) override;
  void on_body(Bytes body, bool end_stream) override;
  void on_trailers(http::HeaderMap& trailers) override;
  void on_reset(http::ResetReason reason, std::string_view detail) override;
  void on_protocol_error(int status, std::string_view detail) override;
  void on_write_blocked() override { tell("blocked"); }
  void on_write_resumed() override { tell("resumed"); }
  void on_stream_closed() override;

  std::string story() const { return story_ + (body_.empty() ? "" : body_line(false)); }
  http::HeaderMap& headers(
      std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    return make_headers(arena_, fields);
  }

  http::StreamEncoder* encoder = nullptr;
  http::WireBytes wire;
  std::string body;  // all of it
  bool ended = false;
  bool dead = false;  // closed or reset
  // What the stream does from inside a callback.
  std::function<void(FakeStream&)> when_headers;
  std::function<void(FakeStream&)> when_body;
  std::function<void(FakeStream&)> when_end;
  std::function<void(FakeStream&)> when_closed;
  std::function<void(FakeStream&, int, std::string_view)> when_error;
  const http::HeaderMap* received = nullptr;
  const http::HeaderMap* received_trailers = nullptr;

 private:
  void tell(const std::string& line);
  std::string body_line(bool end) const;

  Arena arena_;
  std::string story_;
  std::string body_;  // not told yet
};

// What a connection does around a codec: octets that were not consumed come again when reading goes
// on, and the codec's wish to close is remembered.
class FakeConnection {
 public:
  FakeConnection(http::Codec& codec, FakeTransport& transport)
      : codec_(codec), transport_(transport) {}

  // Also called with nothing, as a loop does after something else happened.
  void feed(std::string_view bytes = {});
  void eof();

  std::string kept;
  bool closing = false;
  std::string close_detail;

 private:
  void take(const http::FeedResult& result);

  http::Codec& codec_;
  FakeTransport& transport_;
};

// A server's streams, in order. Each stream gets the same scripts.
class FakeServer final : public http::ServerEvents {
 public:
  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override;
  void on_goaway() override { ++goaways; }

  std::string story() const;
  FakeStream& last() { return *streams.back(); }
  // Every stream answers 200 with `body` as soon as its request is complete.
  void answer_all(std::string body);

  ChunkPool pool;  // outlives the streams
  std::vector<std::unique_ptr<FakeStream>> streams;
  std::function<void(FakeStream&)> when_new;
  int goaways = 0;
};

class FakeClient final : public http::ConnectionEvents {
 public:
  void on_goaway() override { ++goaways; }
  int goaways = 0;
};

}  // namespace outrigger::http1::test
