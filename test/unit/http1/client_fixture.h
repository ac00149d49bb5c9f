// A client codec with everything around it.
#pragma once

#include <string>
#include <utility>

#include "proxy/http1/client_codec.h"
#include "test/unit/http1/fakes.h"

namespace outrigger::http1::test {

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

struct Client {
  explicit Client(http::Http1Options with = {}) : options(std::move(with)) {}

  FakeStream& open() {
    EXPECT_TRUE(codec.can_open_stream());
    streams.push_back(std::make_unique<FakeStream>(pool));
    streams.back()->encoder = &codec.open_stream(*streams.back());
    return *streams.back();
  }
  FakeStream& request(Fields fields, bool end = true) {
    FakeStream& s = open();
    s.encoder->send_headers(s.headers(fields), end);
    return s;
  }
  FakeStream& get() {
    return request({{":method", "GET"}, {":path", "/"}, {":authority", "a"}, {":scheme", "http"}});
  }
  FakeStream& stream() { return *streams.back(); }
  void feed(std::string_view bytes = {}) { connection.feed(bytes); }
  std::string output() { return transport.take(); }
  std::string story() const { return streams.back()->story(); }

  http::Http1Options options;
  http::Http1Stats stats;
  FakeTransport transport;
  FakeClient events;
  ChunkPool pool;  // outlives the streams
  std::vector<std::unique_ptr<FakeStream>> streams;
  Http1ClientCodec codec{transport, events, options, stats};
  FakeConnection connection{codec, transport};
};

}  // namespace outrigger::http1::test
