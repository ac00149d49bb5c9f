// What the HTTP/2 server codec costs per request: a POST with 1 KiB in, an answer with 1 KiB out,
// heads as a warm connection has them (compressed to indices). `streams`: requests that arrive in
// one read.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "api/http/codec.h"
#include "proxy/http2/server_codec.h"

namespace outrigger::http2 {
namespace {

constexpr size_t kBody = 1024;

class NullTransport final : public http::CodecTransport {
 public:
  void write(Bytes bytes) override { put(bytes); }
  char* reserve(size_t bytes) override {
    if (at_ + bytes > buffer_.size()) at_ = 0;
    return buffer_.data() + at_;
  }
  void commit(size_t bytes) override { at_ += bytes; }
  void pause_reading(bool) override {}

 private:
  void put(Bytes bytes) {
    std::memcpy(reserve(bytes.size()), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  size_t at_ = 0;
};

class Exchange final : public http::StreamHandler {
 public:
  Exchange(ChunkPool& pool, std::vector<Exchange*>& complete) : arena_(pool), complete_(complete) {}
  void use(http::StreamEncoder& encoder) { encoder_ = &encoder; }
  Arena& arena() override { return arena_; }
  void on_headers(http::HeaderMap&, bool) override {}
  void on_body(Bytes, bool end) override {
    if (end) complete_.push_back(this);
  }
  void on_trailers(http::HeaderMap&) override {}
  void on_reset(http::ResetReason, std::string_view) override { std::abort(); }
  void on_stream_closed() override { delete this; }
  void answer(std::string_view body) {
    http::HeaderMap head(arena_);
    head.add(http::HeaderId::status, "200");
    head.add(http::HeaderId::content_length, "1024");
    head.add(http::HeaderId::content_type, "text/plain");
    head.add(http::HeaderId::server, "bench");
    head.add(http::HeaderId::date, "Thu, 01 Jan 1970 00:00:00 GMT");
    encoder_->send_headers(head, false);
    encoder_->send_body(body, true);
  }

 private:
  Arena arena_;
  std::vector<Exchange*>& complete_;
  http::StreamEncoder* encoder_ = nullptr;
};

class Server final : public http::ServerEvents {
 public:
  Server() : codec_(transport_, *this, options_, stats_) {}
  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override {
    auto* exchange = new Exchange(pool_, complete_);
    exchange->use(encoder);
    return *exchange;
  }
  void on_goaway() override {}
  // As in a proxy: the answers come after the read that brought the requests.
  bool serve(std::string_view input, std::string_view body) {
    if (codec_.feed(input).kind != http::FeedResult::Kind::ok) return false;
    for (Exchange* exchange : complete_) exchange->answer(body);
    complete_.clear();
    return true;
  }

 private:
  http::Http2Options options_;
  http::Http2Stats stats_;
  ChunkPool pool_;
  NullTransport transport_;
  std::vector<Exchange*> complete_;
  Http2ServerCodec codec_;
};

std::string frame(char type, char flags, std::string_view payload) {
  std::string out{static_cast<char>(payload.size() >> 16), static_cast<char>(payload.size() >> 8),
                  static_cast<char>(payload.size()), type, flags};
  out.append(4, '\0');
  out.append(payload);
  return out;
}

void set_stream(char* frame_head, uint32_t id) {
  for (int i = 0; i < 4; ++i) frame_head[5 + i] = static_cast<char>(id >> (24 - 8 * i));
}

// :method POST, :scheme http, and six fields that the first request puts into the table and the
// others name by index.
std::string literal(std::string_view name, std::string_view value) {
  std::string out("\x40");
  for (std::string_view part : {name, value}) {
    out += static_cast<char>(part.size());
    out += part;
  }
  return out;
}
std::string first_head() {
  return std::string("\x83\x86") + literal(":path", "/api/v1/items?page=1") +
         literal(":authority", "service.example.com") + literal("user-agent", "bench/1.0") +
         literal("content-type", "application/grpc") + literal("content-length", "1024") +
         literal("x-request-id", "00000000-0000-0000-0000-000000000000");
}
constexpr std::string_view kNextHead = "\x83\x86\xc3\xc2\xc1\xc0\xbf\xbe";

void unary_1k(benchmark::State& state) {
  auto streams = static_cast<uint32_t>(state.range(0));
  std::string body(kBody, 'b');
  std::string head_frame = frame(1, 4, kNextHead);
  std::string request = head_frame + frame(0, 1, body);
  std::string input;
  for (uint32_t i = 0; i < streams; ++i) input += request;
  std::string grow = frame(8, 0, std::string_view("\x3f\xff\xff\xff", 4));

  auto server = std::make_unique<Server>();
  uint32_t id = 0;
  auto connect = [&] {
    server = std::make_unique<Server>();
    std::string first = frame(1, 4, first_head()) + frame(0, 1, body);
    set_stream(first.data(), 1);
    set_stream(first.data() + first.size() - kBody - 9, 1);
    std::string hello =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, {}) + frame(4, 1, {}) + grow + first;
    if (!server->serve(hello, body)) state.SkipWithError("the first request was refused");
    id = 1;
  };
  connect();
  for (auto _ : state) {
    if (id > 1'000'000) connect();  // before the connection's window is used up
    for (uint32_t i = 0; i < streams; ++i) {
      id += 2;
      char* at = input.data() + i * request.size();
      set_stream(at, id);
      set_stream(at + head_frame.size(), id);
    }
    if (!server->serve(input, body)) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * streams);
}
BENCHMARK(unary_1k)->ArgName("streams")->Arg(1)->Arg(16);

}  // namespace
}  // namespace outrigger::http2
