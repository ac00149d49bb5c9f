// The client codec: any octets as the answer to one request, in any pieces. What was understood
// does not depend on the pieces, and a client behind a proxy that sends it on understands the same.
//
// Input: an octet of options, an octet that says how many of the next ones are sizes of pieces, the
// sizes, the wire.
#include <cstdint>

#include "test/fuzz/http1_harness.h"

namespace outrigger::http1::fuzz {
namespace {

struct Client final : http::ConnectionEvents {
  Client(const http::Http1Options& with, uint8_t flags) : options(with) {
    auto* request = stream.arena().make<http::HeaderMap>(stream.arena());
    bool connect = (flags & 3) == 2;
    bool upgrade = (flags & 3) == 3;
    bool head = (flags & 3) == 1;
    request->add(http::HeaderId::method, connect ? "CONNECT" : head ? "HEAD" : "GET");
    if (!connect) request->add(http::HeaderId::path, "/");
    request->add(http::HeaderId::authority, "a:1");
    if (upgrade) {
      request->add(http::HeaderId::connection, "upgrade");
      request->add(http::HeaderId::upgrade, "x");
    }
    http::StreamEncoder& encoder = codec.open_stream(stream);
    encoder.send_headers(*request, !connect && !upgrade);
  }
  void on_goaway() override { ++goaways; }

  std::string told() const {
    return stream.told + "body " + stream.body + (stream.ended ? " end" : "") +
           (stream.failed ? " failed" : "") + (codec.reusable() ? " reusable" : "");
  }

  const http::Http1Options& options;
  http::Http1Stats stats;
  int goaways = 0;
  ChunkPool pool;
  Stream stream{pool};
  Transport transport;
  Http1ClientCodec codec{transport, *this, options, stats};
};

// The proxy's other side: answers one request with a response that a client codec understood.
struct Downstream final : http::ServerEvents {
  explicit Downstream(const http::Http1Options& options)
      : codec(transport, *this, options, stats) {}
  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override {
    stream.encoder = &encoder;
    return stream;
  }
  void on_goaway() override {}

  http::Http1Stats stats;
  ChunkPool pool;
  Stream stream{pool};
  Transport transport;
  Http1ServerCodec codec;
};

void check_next_hop(Stream& response, const http::Http1Options& options, bool head) {
  if (!response.ended || response.failed) return;
  Downstream proxy(options);
  proxy.codec.feed(head ? "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                        : "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::string sent = end_to_end_text(*response.headers);
  response.headers->remove(http::HeaderId::connection);
  bool bare = response.body.empty() && response.trailers == nullptr;
  http::StreamEncoder& encoder = *proxy.stream.encoder;
  encoder.send_headers(*response.headers, bare);
  if (!bare) encoder.send_body(response.body, response.trailers == nullptr);
  if (response.trailers != nullptr) encoder.send_trailers(*response.trailers);

  Client client(options, head ? 1 : 0);
  Feeder(client.codec, client.transport).feed(proxy.transport.output, {});
  check(client.stream.ended && !client.stream.failed, "the next hop understands it");
  check(client.codec.reusable(), "and finds its end");
  check(end_to_end_text(*client.stream.headers) == sent, "the next hop sees the same fields");
  check(client.stream.body == response.body, "the next hop sees the same body");
}

void run(uint8_t flags, Bytes sizes, Bytes wire) {
  http::Http1Options options;
  options.enable_trailers = (flags & 4) != 0;
  options.allow_chunked_length = (flags & 8) != 0;
  if ((flags & 16) != 0) options.header_case = http::HeaderCase::preserve;
  options.limits.max_fields = 20;

  Client whole(options, flags);
  Feeder(whole.codec, whole.transport).feed(wire, {});
  Client pieces(options, flags);
  Feeder(pieces.codec, pieces.transport).feed(wire, sizes);
  // Octets behind the response are seen with its last piece or after it; either way the connection
  // is not used again.
  bool trailing = whole.codec.reusable() != pieces.codec.reusable();
  check(trailing || whole.told() == pieces.told(), "the pieces do not matter");
  check(whole.goaways <= 1 && pieces.goaways <= 1, "a farewell is told once");
  bool tunnel = (flags & 2) != 0;
  whole.codec.feed_eof();
  http::Http1Options next_hop = options;
  next_hop.limits.max_fields = 40;  // the framing may need one more
  if (!tunnel) check_next_hop(whole.stream, next_hop, (flags & 3) == 1);
  pieces.codec.on_connection_lost(http::ResetReason::connection_termination, "lost");
  check(pieces.stream.over, "every stream ends");
  check(!whole.codec.reusable() && !pieces.codec.reusable(), "no connection outlives its end");
}

}  // namespace
}  // namespace outrigger::http1::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  outrigger::Bytes input(reinterpret_cast<const char*>(data), size);
  size_t pieces = std::min<size_t>(data[1], size - 2);
  outrigger::http1::fuzz::run(data[0], input.substr(2, pieces), input.substr(2 + pieces));
  return 0;
}
