// Reading a request's head, writing one, and the same for responses: the part of HTTP/1 that every
// request pays.
#include <optional>
#include <string>

#include <benchmark/benchmark.h>

#include "proxy/http1/client_codec.h"
#include "proxy/http1/server_codec.h"

namespace outrigger::http1 {
namespace {

constexpr std::string_view kRequest =
    "GET /api/v1/products/42?currency=EUR&language=en HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "X-Request-Id: 7c7e2b0e-2f3d-4d0f-9d3a-2f6f0c9b1a55\r\n"
    "X-Forwarded-For: 203.0.113.7\r\n"
    "Cache-Control: no-cache\r\n\r\n";

constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.22.1\r\n"
    "Date: Sat, 21 Nov 2026 15:29:20 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 0\r\n"
    "Connection: keep-alive\r\n"
    "ETag: \"65f1c2a0-400\"\r\n"
    "Cache-Control: max-age=60\r\n"
    "X-Envoy-Upstream-Service-Time: 3\r\n\r\n";

// A buffer that never ends: what the codecs write is overwritten.
class Sink final : public http::CodecTransport {
 public:
  void write(Bytes bytes) override { benchmark::DoNotOptimize(bytes.data()); }
  char* reserve(size_t) override { return room_; }
  void commit(size_t) override { benchmark::ClobberMemory(); }
  void pause_reading(bool) override {}

 private:
  char room_[64 * 1024];
};

class Stream final : public http::StreamHandler {
 public:
  explicit Stream(ChunkPool& pool) : arena_(pool) {}
  Arena& arena() override { return arena_; }
  void on_headers(http::HeaderMap& headers, bool) override { received = &headers; }
  void on_body(Bytes, bool) override {}
  void on_trailers(http::HeaderMap&) override {}
  void on_reset(http::ResetReason, std::string_view) override {}

  http::HeaderMap* received = nullptr;

 private:
  Arena arena_;
};

class Server final : public http::ServerEvents {
 public:
  http::StreamHandler& on_new_stream(http::StreamEncoder& its_encoder) override {
    encoder = &its_encoder;
    return stream.emplace(pool);
  }
  void on_goaway() override {}

  ChunkPool pool;
  std::optional<Stream> stream;
  http::StreamEncoder* encoder = nullptr;
};

struct Fixture {
  http::Http1Options options;
  http::Http1Stats stats;
  Sink sink;
  Server server;
  Http1ServerCodec downstream{sink, server, options, stats};
  Http1ClientCodec upstream{sink, server, options, stats};
};

// Find the end of the head, copy it into a fresh arena, parse it.
void BM_ParseRequest(benchmark::State& state) {
  Fixture f;
  HeadReader reader;
  for (auto _ : state) {
    Arena arena(f.server.pool);
    HeadReader::Result head = reader.read(kRequest, arena, f.options.limits.max_bytes);
    auto* headers = arena.make<http::HeaderMap>(arena);
    RequestHead request;
    FieldRules rules{f.options, f.stats, Section::request, true};
    HeadError error = parse_request_head(head.head, rules, *headers, request);
    benchmark::DoNotOptimize(error);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * kRequest.size()));
}
BENCHMARK(BM_ParseRequest);

// A request in at one side and out at the other, and its response back: what a proxy does of
// HTTP/1.
void exchange(Fixture& f, std::optional<Stream>& upstream_stream) {
  f.downstream.feed(kRequest);
  upstream_stream.emplace(f.server.pool);
  http::StreamEncoder& encoder = f.upstream.open_stream(*upstream_stream);
  encoder.send_headers(*f.server.stream->received, true);
  f.upstream.feed(kResponse);
  upstream_stream->received->remove(http::HeaderId::connection);
  f.server.encoder->send_headers(*upstream_stream->received, true);
}

void BM_Exchange(benchmark::State& state) {
  Fixture f;
  std::optional<Stream> upstream_stream;
  for (auto _ : state) exchange(f, upstream_stream);
  if (f.downstream.finished() || !f.upstream.can_open_stream())
    state.SkipWithError("not kept alive");
}
BENCHMARK(BM_Exchange);

void BM_WriteRequest(benchmark::State& state) {
  Fixture f;
  f.downstream.feed(kRequest);
  const http::HeaderMap& headers = *f.server.stream->received;
  for (auto _ : state) {
    write_request_head(f.sink, headers, "GET", headers.get(http::HeaderId::path), {},
                       http::HeaderCase::lower);
  }
}
BENCHMARK(BM_WriteRequest);

void BM_ReadBodyOf64KiBInChunks(benchmark::State& state) {
  std::string body = "1000\r\n" + std::string(4096, 'x') + "\r\n";
  std::string text;
  for (int i = 0; i < 16; ++i) text += body;
  for (auto _ : state) {
    BodyReader reader;
    reader.start(BodyReader::Kind::chunked, 0);
    for (size_t at = 0; at < text.size();) at += reader.next(Bytes(text).substr(at)).consumed;
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_ReadBodyOf64KiBInChunks);

}  // namespace
}  // namespace outrigger::http1
