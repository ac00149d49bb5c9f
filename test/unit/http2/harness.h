// Both codecs in memory: a transport that keeps what was written, handlers that record what they
// hear, and a pair of a client and a server codec whose octets a test carries over, in pieces if it
// likes.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "proxy/http2/client_codec.h"
#include "proxy/http2/server_codec.h"

namespace outrigger::http2::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

class FakeTransport final : public http::CodecTransport {
 public:
  void write(Bytes bytes) override {
    out.append(bytes);
    ++writes;
    check();
  }
  char* reserve(size_t bytes) override {
    room_.resize(bytes);
    return room_.data();
  }
  void commit(size_t bytes) override {
    out.append(room_.data(), bytes);
    ++writes;
    check();
  }
  void pause_reading(bool) override {}
  std::string take() { return std::exchange(out, {}); }

  std::string out;
  size_t writes = 0;
  // Called, within the write, once more than this is waiting.
  size_t high_watermark = ~size_t{0};
  std::function<void()> on_full;

 private:
  void check() {
    if (out.size() > high_watermark && on_full) std::exchange(on_full, nullptr)();
  }
  std::string room_;
};

class FakeHandler final : public http::StreamHandler {
 public:
  explicit FakeHandler(ChunkPool& pool) : arena_(pool) {}

  Arena& arena() override { return arena_; }
  http::WireBytes* wire_bytes() override { return &wire; }
  http::WireBytes wire;
  void on_informational(http::HeaderMap& map) override { informational.push_back(copy(map)); }
  void on_headers(http::HeaderMap& map, bool end) override {
    headers = copy(map);
    head = &map;
    end_stream = end;
    if (then_headers) then_headers();
  }
  void on_body(Bytes bytes, bool end) override {
    body.append(bytes);
    ++body_calls;
    end_stream = end;
    if (then_body) then_body();
  }
  void on_trailers(http::HeaderMap& map) override {
    trailers = copy(map);
    end_stream = true;
    if (then_trailers) then_trailers();
  }
  void on_reset(http::ResetReason why, std::string_view what) override {
    ++resets;
    encoder = nullptr;
    reason = why;
    detail = what;
    if (then_reset) then_reset();
  }
  void on_write_blocked() override {
    ++blocked;
    if (then_blocked) then_blocked();
  }
  void on_write_resumed() override {
    ++resumed;
    if (then_resumed) then_resumed();
  }
  void on_stream_closed() override {
    ++closed;
    encoder = nullptr;
    if (then_closed) then_closed();
  }

  std::string get(std::string_view name) const { return find(headers, name); }
  static std::string find(const Fields& fields, std::string_view name) {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return "<none>";
  }

  http::StreamEncoder* encoder = nullptr;
  http::HeaderMap* head = nullptr;
  Fields headers;
  Fields trailers;
  std::vector<Fields> informational;
  std::string body;
  int body_calls = 0;
  bool end_stream = false;
  int resets = 0;
  int closed = 0;
  int blocked = 0;
  int resumed = 0;
  http::ResetReason reason{};
  std::string detail;
  std::function<void()> then_headers, then_body, then_trailers, then_reset, then_blocked,
      then_resumed, then_closed;

 private:
  static Fields copy(const http::HeaderMap& map) {
    Fields fields;
    for (const http::HeaderField& field : map.fields())
      fields.emplace_back(field.name, field.value);
    return fields;
  }
  Arena arena_;
};

// A HeaderMap with memory of its own.
class Message {
 public:
  explicit Message(const Fields& fields) : arena_(pool_), map_(arena_) {
    for (const auto& [name, value] : fields) map_.add_copy(name, value);
  }
  Message(std::initializer_list<Fields::value_type> fields) : Message(Fields(fields)) {}
  operator const http::HeaderMap&() const { return map_; }

 private:
  ChunkPool pool_;
  Arena arena_;
  http::HeaderMap map_;
};

inline Fields get_request() {
  return {{":method", "GET"}, {":scheme", "http"}, {":authority", "a.example"}, {":path", "/"}};
}
inline Fields post_request() {
  return {{":method", "POST"}, {":scheme", "http"}, {":authority", "a.example"}, {":path", "/up"}};
}
inline Fields ok_response() {
  return {{":status", "200"}};
}

struct ServerSide final : http::ServerEvents {
  explicit ServerSide(http::Http2Options chosen = {})
      : options(std::move(chosen)), codec(transport, *this, options, stats) {}

  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override {
    streams.push_back(std::make_unique<FakeHandler>(pool));
    streams.back()->encoder = &encoder;
    if (then_new_stream) then_new_stream(*streams.back());
    return *streams.back();
  }
  void on_goaway() override { ++goaways; }
  void on_failed() override { ++failures; }
  int failures = 0;
  // Answers every request as soon as its head has arrived.
  void answer_with(const std::string& body) {
    then_new_stream = [body](FakeHandler& stream) {
      stream.then_headers = [&stream, body] {
        stream.encoder->send_headers(Message(ok_response()), body.empty());
        if (!body.empty()) stream.encoder->send_body(body, true);
      };
    };
  }
  FakeHandler& stream(size_t index = 0) { return *streams.at(index); }

  http::Http2Options options;
  http::Http2Stats stats;
  ChunkPool pool;
  FakeTransport transport;
  std::vector<std::unique_ptr<FakeHandler>> streams;
  std::function<void(FakeHandler&)> then_new_stream;
  int goaways = 0;
  Http2ServerCodec codec;
};

struct ClientSide final : http::ConnectionEvents {
  explicit ClientSide(http::Http2Options chosen = {})
      : options(std::move(chosen)), codec(transport, *this, options, stats) {}

  void on_goaway() override { ++goaways; }
  FakeHandler& open() {
    streams.push_back(std::make_unique<FakeHandler>(pool));
    streams.back()->encoder = &codec.open_stream(*streams.back());
    return *streams.back();
  }
  FakeHandler& request(const Fields& head, bool end_stream = true) {
    FakeHandler& stream = open();
    stream.encoder->send_headers(Message(head), end_stream);
    return stream;
  }

  http::Http2Options options;
  http::Http2Stats stats;
  ChunkPool pool;
  FakeTransport transport;
  std::vector<std::unique_ptr<FakeHandler>> streams;
  int goaways = 0;
  Http2ClientCodec codec;
};

struct Pair {
  explicit Pair(const http::Http2Options& server_options = {},
                const http::Http2Options& client_options = {})
      : server(server_options), client(client_options) {}

  // Carries octets over until both are silent; `piece` at a time (0: all at once).
  void run(size_t piece = 0) {
    while (to_server(piece) || to_client(piece)) {
    }
  }
  bool to_server(size_t piece = 0) {
    return carry(client.transport, server.codec, piece, server_result);
  }
  bool to_client(size_t piece = 0) {
    return carry(server.transport, client.codec, piece, client_result);
  }

  static bool carry(FakeTransport& from, http::Codec& to, size_t piece, http::FeedResult& result) {
    std::string bytes = from.take();
    for (size_t at = 0; at < bytes.size();) {
      size_t part = piece == 0 ? bytes.size() : std::min(piece, bytes.size() - at);
      // A copy of its own, so that a view kept beyond the call is seen by the sanitizers.
      std::string copy = bytes.substr(at, part);
      result = to.feed(copy);
      at += part;
    }
    return !bytes.empty();
  }

  ServerSide server;
  ClientSide client;
  http::FeedResult server_result;
  http::FeedResult client_result;
};

}  // namespace outrigger::http2::testing
