// The contract between codecs (bytes <-> messages), connections and streams, the same for HTTP/1
// and HTTP/2 and for both sides. Thread: one worker. A codec has no socket, clock or log: it writes
// into a CodecTransport and calls StreamHandlers. Order of calls on a StreamHandler: on_headers,
// on_body*, on_trailers?; end_stream is given exactly once; or on_reset, the last call of all. A
// handler may call its StreamEncoder from inside any callback. After StreamEncoder::reset or
// on_reset neither side calls the other again. A stream object of the codec dies when both
// directions have ended or it was reset; the handler must drop its pointer then (on_stream_closed).
#pragma once

#include <cstdint>
#include <string_view>

#include "api/arena.h"
#include "api/bytes.h"
#include "api/http/header_map.h"

namespace outrigger::http {

class StreamHandler;

enum class Protocol : uint8_t {
  http10,
  http11,
  http2
};

enum class ResetReason : uint8_t {
  local_reset,             // this side gave the stream up
  local_refused_stream,    // refused before processing (REFUSED_STREAM on the wire)
  remote_reset,            // RST_STREAM from the peer
  remote_refused_stream,   // RST_STREAM(REFUSED_STREAM), or above the last stream id of a GOAWAY:
                           // never processed
  connection_failure,      // the connection could not be made
  connection_termination,  // the connection went away under the stream
  overflow,                // a circuit breaker said no
  protocol_error,          // the peer broke the protocol
  connect_error,           // CONNECT_ERROR on the wire (a tunnel's TCP side failed)
};

// Octets of one stream on one side's wire, with what frames them. Codecs add to it before they call
// the stream, so that a log which is written inside the call is right.
struct WireBytes {
  uint64_t received = 0, sent = 0;
  // Of heads and trailers as they stand on the wire, and before HPACK. HTTP/1: their field lines.
  uint64_t headers_received = 0, headers_sent = 0;
  uint64_t decompressed_headers_received = 0, decompressed_headers_sent = 0;
};

// Where a codec's bytes go and what it may ask of its connection.
class CodecTransport {
 public:
  // Appends a borrowed view to the output; nothing is kept of it after the call. Sent at the latest
  // at the end of the loop's turn.
  virtual void write(Bytes bytes) = 0;
  // At least `bytes` of contiguous room for the caller to fill, then commit what was filled. Saves
  // a copy for heads and frames.
  virtual char* reserve(size_t bytes) = 0;
  virtual void commit(size_t bytes) = 0;
  // Back-pressure towards the peer: no feed() until un-paused. Nested calls do not count: the last
  // one holds.
  virtual void pause_reading(bool pause) = 0;
  // FIN after what was written so far: the half-close of an HTTP/1 tunnel (upgrade, CONNECT).
  // Reading goes on.
  virtual void shutdown_write() {}

 protected:
  ~CodecTransport() = default;
};

// One direction of one stream, towards the peer.
class StreamEncoder {
 public:
  // 1xx heads other than 101 (server side only). Ignored where the protocol version has none.
  virtual void send_informational(const HeaderMap& headers) = 0;
  virtual void send_headers(const HeaderMap& headers, bool end_stream) = 0;
  // The view is borrowed for the call: what cannot go out now is copied into the stream's queue
  // (see StreamHandler::on_write_blocked).
  virtual void send_body(Bytes body, bool end_stream) = 0;
  virtual void send_trailers(const HeaderMap& trailers) = 0;
  // Gives the stream up: RST_STREAM, or, for HTTP/1, the connection is no longer usable. No
  // callback follows.
  virtual void reset(ResetReason reason) = 0;
  // Stops (true) or resumes the peer's body on this stream. Counts: n pauses need n resumes.
  virtual void pause_reading(bool pause) = 0;
  // Octets of body accepted from send_body but not yet handed to the transport.
  virtual size_t queued_bytes() const = 0;
  // From now on the stream's calls go to `next`, and nothing more is used of the handler of before
  // or its arena. Only where the peer's message is complete and nothing was sent back. False: not
  // offered, nothing changed.
  virtual bool hand_over(StreamHandler& /*next*/) { return false; }

 protected:
  ~StreamEncoder() = default;
};

// One direction of one stream, from the peer: the proxy's side of it.
class StreamHandler {
 public:
  // Memory for the message's head and trailers; must outlive the stream.
  virtual Arena& arena() = 0;
  // Where the stream's octets are counted; must outlive the stream. nullptr: nowhere.
  virtual WireBytes* wire_bytes() { return nullptr; }
  // Client side only: 1xx other than 101.
  virtual void on_informational(HeaderMap&) {}
  virtual void on_headers(HeaderMap& headers, bool end_stream) = 0;
  virtual void on_body(Bytes body, bool end_stream) = 0;
  virtual void on_trailers(HeaderMap& trailers) = 0;
  // The peer or the connection ended the stream early. `detail` is a static or arena string that
  // names what happened.
  virtual void on_reset(ResetReason reason, std::string_view detail) = 0;
  // Server side only: the message could not be understood. Answer `status` through the encoder if
  // headers were not sent yet; the connection closes after it. `detail` is Envoy's response-code
  // detail ("http1.invalid_url").
  virtual void on_protocol_error(int /*status*/, std::string_view /*detail*/) {}
  // The stream's or connection's output is above its high watermark / below the low one again.
  virtual void on_write_blocked() {}
  virtual void on_write_resumed() {}
  // Both directions ended well and the codec is done with the stream: drop the encoder pointer. Not
  // called after a reset.
  virtual void on_stream_closed() {}

 protected:
  ~StreamHandler() = default;
};

// What a connection of either side tells its owner.
class ConnectionEvents {
 public:
  // The peer will take no more streams (GOAWAY, or "connection: close"). Streams above `last` were
  // not processed (they get on_reset).
  virtual void on_goaway() = 0;
  // The connection failed outside feed(), in what one of its streams sent: ask finished() as soon
  // as no codec is in a call.
  virtual void on_failed() {}

 protected:
  ~ConnectionEvents() = default;
};

class ServerEvents : public ConnectionEvents {
 public:
  // A message begins: the proxy's side of the new stream. The encoder is valid until the stream
  // closes or is reset.
  virtual StreamHandler& on_new_stream(StreamEncoder& encoder) = 0;

 protected:
  ~ServerEvents() = default;
};

struct FeedResult {
  enum class Kind : uint8_t {
    ok,     // go on
    close,  // flush the output, then close: the peer's protocol error was answered, or this was the
            // last message
  };
  size_t consumed = 0;  // octets used; the caller keeps the rest for the next call (pipelined
                        // requests; only while reading is paused)
  Kind kind = Kind::ok;
  std::string_view detail = {};  // static text, why it closes; Envoy's detail name where it has one
};

class Codec {
 public:
  virtual ~Codec() = default;
  virtual Protocol protocol() const = 0;
  virtual FeedResult feed(Bytes bytes) = 0;
  // The peer's FIN. Ends a body that is delimited by close, resets what is incomplete.
  virtual FeedResult feed_eof() = 0;
  // The connection is gone: every open stream gets on_reset(reason, detail).
  virtual void on_connection_lost(ResetReason reason, std::string_view detail) = 0;
  // The connection's output rose above its high watermark / fell below the low one; the codec tells
  // its streams.
  virtual void on_transport_blocked() = 0;
  virtual void on_transport_resumed() = 0;
  // Graceful end, first step: HTTP/2 sends GOAWAY(2^31-1); HTTP/1 puts "connection: close" on the
  // next response.
  virtual void begin_drain() = 0;
  // Second step: HTTP/2 sends the final GOAWAY with the last stream that it took. HTTP/1: nothing
  // more.
  virtual void finish_drain() = 0;
  virtual size_t active_streams() const = 0;
  // True once nothing more can happen: flush the output, then close. feed() says so too
  // (FeedResult::close), but a stream may also end between two feeds (the last response of a
  // connection, a reset over HTTP/1): ask after the streams ran and before waiting for events.
  virtual bool finished() const { return false; }
  // HTTP/2: sends a PING and remembers it; ping_outstanding() says whether its answer is missing.
  // HTTP/1: nothing, false.
  virtual void send_ping() {}
  // Server side: some seconds have passed. What the peer did in them and in those before counts
  // against limits of frequency, what it did earlier does not any more.
  virtual void next_window() {}
  virtual bool ping_outstanding() const { return false; }
};

class ServerCodec : public Codec {};

class ClientCodec : public Codec {
 public:
  // False: no further stream now (HTTP/1 busy, HTTP/2 at max concurrent streams) or ever
  // (draining).
  virtual bool can_open_stream() const = 0;
  // How many streams the peer allows at once: 1 for HTTP/1.
  virtual uint32_t max_concurrent_streams() const = 0;
  // Precondition: can_open_stream(). The encoder is valid until the stream closes or is reset.
  virtual StreamEncoder& open_stream(StreamHandler& handler) = 0;
  // False once the connection cannot be used for another stream after the present ones
  // ("connection: close", GOAWAY, error).
  virtual bool reusable() const = 0;
};

}  // namespace outrigger::http
