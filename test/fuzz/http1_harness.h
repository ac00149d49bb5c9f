// What the HTTP/1 fuzzers share: a transport and streams that write down what they are told, and
// checks that end the program.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "proxy/http1/client_codec.h"
#include "proxy/http1/server_codec.h"

namespace outrigger::http1::fuzz {

inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

class Transport final : public http::CodecTransport {
 public:
  void write(Bytes bytes) override { output += bytes; }
  char* reserve(size_t bytes) override {
    room_.assign(bytes, '\0');
    room_.shrink_to_fit();
    return room_.data();
  }
  void commit(size_t bytes) override {
    check(bytes <= room_.size(), "what is committed was reserved");
    output.append(room_, 0, bytes);
  }
  void pause_reading(bool pause) override { paused = pause; }

  std::string output;
  bool paused = false;

 private:
  std::string room_;
};

// One message as a stream saw it.
class Stream final : public http::StreamHandler {
 public:
  explicit Stream(ChunkPool& pool) : arena_(pool) {}

  Arena& arena() override { return arena_; }
  void on_informational(http::HeaderMap& map) override { told += "informational " + text(map); }
  void on_headers(http::HeaderMap& map, bool end) override {
    check(headers == nullptr && !over, "one head");
    headers = &map;
    told += "headers " + text(map);
    if (end) finish();
    if (when_headers) when_headers(*this);
  }
  void on_body(Bytes bytes, bool end) override {
    check(headers != nullptr && !over && !ended, "a body is between the head and the end");
    body += bytes;
    if (end) finish();
  }
  void on_trailers(http::HeaderMap& map) override {
    check(headers != nullptr && !over && !ended, "trailers are at the end");
    trailers = &map;
    told += "trailers " + text(map);
    finish();
  }
  void on_reset(http::ResetReason, std::string_view) override {
    check(!over, "a reset is the last call");
    over = failed = true;
  }
  void on_protocol_error(int status, std::string_view detail) override {
    check(status >= 400 && status < 600 && !detail.empty(), "an error has a status and a name");
    failed = true;
    if (when_error) when_error(*this);
  }
  void on_stream_closed() override {
    check(!over, "a stream closes once");
    over = true;
  }

  static std::string text(const http::HeaderMap& map) {
    std::string all;
    for (const http::HeaderField& field : map.fields()) {
      check(field.id == http::header_id(field.name), "ids are those of the names");
      all += std::string(field.name) + "=" + std::string(field.value) + "\n";
    }
    return all;
  }

  http::StreamEncoder* encoder = nullptr;
  std::string told;
  std::string body;
  http::HeaderMap* headers = nullptr;
  http::HeaderMap* trailers = nullptr;
  bool ended = false;
  bool over = false;
  bool failed = false;
  void (*when_headers)(Stream&) = nullptr;
  void (*when_end)(Stream&) = nullptr;
  void (*when_error)(Stream&) = nullptr;

 private:
  void finish() {
    ended = true;
    if (when_end) when_end(*this);
  }
  Arena arena_;
};

inline http::HeaderMap& status_headers(Stream& stream, std::string_view status) {
  auto* map = stream.arena().make<http::HeaderMap>(stream.arena());
  map->add(http::HeaderId::status, status);
  return *map;
}

// Feeds as a connection does, in pieces whose sizes come from `sizes` (0: everything at once).
class Feeder {
 public:
  Feeder(http::Codec& codec, Transport& transport) : codec_(codec), transport_(transport) {}

  void feed(Bytes bytes, Bytes sizes) {
    size_t turn = 0;
    while (!bytes.empty() && !closed) {
      size_t size = sizes.empty() ? bytes.size() : octet_at(sizes, turn++) % 32 + 1;
      kept_ += bytes.substr(0, size);
      bytes.remove_prefix(std::min(size, bytes.size()));
      drain();
    }
  }
  bool closed = false;

 private:
  static size_t octet_at(Bytes sizes, size_t turn) {
    return static_cast<unsigned char>(sizes[turn % sizes.size()]);
  }
  void drain() {
    while (!kept_.empty() && !closed && !transport_.paused) {
      // A copy of exactly these octets: reading beyond them is found.
      std::vector<char> exact(kept_.begin(), kept_.end());
      http::FeedResult result = codec_.feed({exact.data(), exact.size()});
      check(result.consumed <= kept_.size(), "no more is consumed than was given");
      check(result.consumed > 0 || transport_.paused, "feeding makes progress");
      kept_.erase(0, result.consumed);
      closed = result.kind == http::FeedResult::Kind::close;
    }
  }

  http::Codec& codec_;
  Transport& transport_;
  std::string kept_;
};

// Two maps that mean the same to a next hop: hop-by-hop and framing fields aside.
inline std::string end_to_end_text(const http::HeaderMap& map) {
  std::string all;
  for (const http::HeaderField& field : map.fields()) {
    switch (field.id) {
      case http::HeaderId::connection:
      case http::HeaderId::keep_alive:
      case http::HeaderId::proxy_connection:
      case http::HeaderId::upgrade:
      case http::HeaderId::content_length:
      case http::HeaderId::scheme:
        continue;
      default:
        all += std::string(field.name) + "=" + std::string(field.value) + "\n";
    }
  }
  return all;
}

}  // namespace outrigger::http1::fuzz
