// The server codec: any octets, in any pieces. What was understood does not depend on the pieces,
// and what was understood, sent on as a proxy does, is understood the same by the next hop.
//
// Input: an octet of options, an octet that says how many of the next ones are sizes of pieces, the
// sizes, the wire.
#include <cstdint>

#include "test/fuzz/http1_harness.h"

namespace outrigger::http1::fuzz {
namespace {

struct Server final : http::ServerEvents {
  explicit Server(const http::Http1Options& with) : options(with) {}

  http::StreamHandler& on_new_stream(http::StreamEncoder& encoder) override {
    Stream& stream = streams.emplace_back(pool);
    stream.encoder = &encoder;
    stream.when_headers = [](Stream& s) {
      bool connect = s.headers->get(http::HeaderId::method) == "CONNECT";
      // An upgrade is refused, so that what follows must be a request again; a tunnel to a host is
      // made.
      if (connect) s.encoder->send_headers(status_headers(s, "200"), false);
      bool upgrade = !connect && s.headers->has(http::HeaderId::upgrade) && !s.ended;
      if (upgrade) s.encoder->send_headers(status_headers(s, "403"), true);
    };
    stream.when_end = [](Stream& s) { s.encoder->send_headers(status_headers(s, "200"), true); };
    stream.when_error = [](Stream& s) { s.encoder->send_headers(status_headers(s, "400"), true); };
    return stream;
  }
  void on_goaway() override {}

  std::string told() const {
    std::string all;
    for (const Stream& s : streams) {
      all +=
          s.told + "body " + s.body + (s.ended ? " end" : "") + (s.failed ? " failed" : "") + "\n";
    }
    return all;
  }

  const http::Http1Options& options;
  http::Http1Stats stats;
  ChunkPool pool;
  std::deque<Stream> streams;
  Transport transport;
  Http1ServerCodec codec{transport, *this, options, stats};
};

// Sends a request on, reads it again.
void check_next_hop(Stream& stream, const http::Http1Options& options) {
  if (!stream.ended || stream.failed) return;
  ChunkPool pool;
  Stream upstream(pool);
  Server events(options);
  Transport wire;
  Http1ClientCodec client(wire, events, options, events.stats);
  http::StreamEncoder& encoder = client.open_stream(upstream);
  bool bare = stream.body.empty() && stream.trailers == nullptr;
  std::string sent = end_to_end_text(*stream.headers);
  stream.headers->remove(http::HeaderId::connection);
  stream.headers->remove(http::HeaderId::upgrade);
  encoder.send_headers(*stream.headers, bare);
  if (!bare) encoder.send_body(stream.body, stream.trailers == nullptr);
  if (stream.trailers != nullptr) encoder.send_trailers(*stream.trailers);
  check(!client.finished(), "what was understood can be sent");

  Feeder(events.codec, events.transport).feed(wire.output, {});
  check(events.streams.size() == 1, "one request is one request to the next hop");
  Stream& received = events.streams.front();
  check(received.ended && !received.failed, "the next hop understands it");
  check(end_to_end_text(*received.headers) == sent, "the next hop sees the same fields");
  check(received.body == stream.body, "the next hop sees the same body");
  check((received.trailers == nullptr) == (stream.trailers == nullptr), "and the same trailers");
}

void run(uint8_t flags, Bytes sizes, Bytes wire) {
  http::Http1Options options;
  options.enable_trailers = (flags & 1) != 0;
  options.accept_http_10 = (flags & 2) != 0;
  options.allow_chunked_length = (flags & 4) != 0;
  if ((flags & 8) != 0) options.header_case = http::HeaderCase::preserve;
  if ((flags & 16) != 0) options.limits.underscores = http::UnderscoresAction::drop_header;
  options.default_host_for_http_10 = "fallback";
  options.limits.max_fields = 20;

  Server whole(options);
  Feeder(whole.codec, whole.transport).feed(wire, {});
  Server pieces(options);
  Feeder(pieces.codec, pieces.transport).feed(wire, sizes);
  // Garbage may be refused earlier when it comes in pieces, never otherwise understood.
  check(whole.told() == pieces.told(), "the pieces do not matter");
  check(whole.transport.output == pieces.transport.output, "nor for the responses");
  http::Http1Options next_hop = options;
  next_hop.limits.max_fields = 40;  // the framing may need one more
  for (Stream& stream : whole.streams) check_next_hop(stream, next_hop);
  whole.codec.feed_eof();
  for (Server* server : {&whole, &pieces}) {
    server->codec.on_connection_lost(http::ResetReason::connection_termination, "lost");
    for (const Stream& stream : server->streams) check(stream.over, "every stream ends");
  }
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
