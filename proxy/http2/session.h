// Session: one HTTP/2 connection of either side over nghttp2: frames in, frames out, streams, flow
// control, floods, drain.
// Thread: the worker. Lifetime: its codec's. Pure: no socket, clock or log. Not to be destroyed
// inside one of its callbacks.
// Output: frames that are submitted while input is being read leave together at the end of feed();
// at any other time at once.
// The end: a connection that failed, or whose last stream after a GOAWAY is gone, says so in the
// result of feed(), and by finished() after any other call.
// Flow control towards us: no automatic window updates; what a stream's handler took is credited at
// once, unless the handler has paused reading: then up to one window more arrives, is given to the
// handler, and is credited when it resumes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "proxy/http2/flood_guard.h"
#include "proxy/http2/frame_order.h"
#include "proxy/http2/head_encoder.h"
#include "proxy/http2/reset_code.h"
#include "proxy/http2/stream.h"

namespace outrigger::http2 {

inline constexpr size_t kFrameHead = 9;  // octets before a frame's payload

class Session {
 public:
  // `server_events` is null on the client side.
  Session(Side side, http::CodecTransport& transport, http::ConnectionEvents& events,
          http::ServerEvents* server_events, const http::Http2Options& options,
          http::Http2Stats& stats);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // What the codecs forward: see api/http/codec.h.
  http::FeedResult feed(Bytes bytes);
  http::FeedResult feed_eof();
  void connection_lost(http::ResetReason reason, std::string_view detail);
  void transport_blocked();
  void transport_resumed();
  void begin_drain();
  void finish_drain();
  void send_ping();
  void next_window() { guard_.next_window(); }
  bool ping_outstanding() const { return ping_outstanding_; }
  size_t active_streams() const { return active_streams_; }
  bool finished() const;
  bool can_open_stream() const;
  uint32_t max_concurrent_streams() const;
  bool reusable() const;
  Stream& open_stream(http::StreamHandler& handler);

  // For streams.
  nghttp2_session* raw() { return raw_; }
  Side side() const { return side_; }
  const http::Http2Options& options() const { return options_; }
  http::Http2Stats& stats() { return stats_; }
  http::CodecTransport& transport() { return transport_; }
  HeadEncoder& encoder() { return encoder_; }
  bool is_transport_blocked() const { return transport_blocked_; }
  // Sends what was submitted, unless somebody up the stack will do it.
  void flush();
  // True if the next flush() sends at once, so that what is submitted may be borrowed.
  // `opens_stream`: request HEADERS.
  bool sends_now(bool opens_stream) const;
  // While `stream` lends nghttp2 its caller's octets; afterwards: whether it is still alive.
  void lend(Stream& stream) { lender_ = &stream; }
  bool lender_lives(Stream& stream) const { return lender_ == &stream; }
  void end_lending() { lender_ = nullptr; }
  // A stream that lost its handler no longer counts as active.
  void handler_left() { --active_streams_; }
  // A client stream that never got an id.
  void forget(Stream& stream);
  bool admit_lingering(size_t bytes);
  void end_lingering(size_t bytes) { lingering_bytes_ -= bytes; }
  void request_submitted() { ++streams_on_wire_; }

  // nghttp2's callbacks (callbacks.cc). A value other than 0 is nghttp2's error code.
  int on_begin_frame(const nghttp2_frame_hd& head);
  int on_begin_headers(const nghttp2_frame& frame);
  int on_header(const nghttp2_frame& frame, std::string_view name, std::string_view value);
  int on_data_chunk(int32_t stream_id, Bytes chunk);
  int on_frame(const nghttp2_frame& frame);
  int on_invalid_frame(const nghttp2_frame& frame, int error);
  int on_stream_close(int32_t stream_id, uint32_t code);
  void on_send(Bytes bytes) { transport_.write(bytes); }
  void on_data_source(Stream& stream) { data_stream_ = &stream; }
  int on_frame_sent(const nghttp2_frame& frame);
  int on_frame_not_sent(const nghttp2_frame& frame);
  bool dead() const { return lost_; }

 private:
  Stream* find(int32_t stream_id);
  void count_inbound(const nghttp2_frame_hd& head);
  void count_outbound(const nghttp2_frame_hd& head);
  void fail_order();
  Stream& make_stream();
  void remove(Stream& stream);
  void submit_settings();
  http::FeedResult verdict(size_t consumed) const;
  void tell_failure();
  // Ends the connection with a GOAWAY; the first failure holds.
  void fail(std::string_view detail, uint32_t code);
  int fail_if(std::string_view detail);
  void fail_receive(int error);
  // Tells every stream whether it may write. Streams may come and go meanwhile.
  void update_streams();
  void walk_streams();

  const Side side_;
  http::CodecTransport& transport_;
  http::ConnectionEvents& events_;
  http::ServerEvents* server_events_;
  const http::Http2Options& options_;
  http::Http2Stats& stats_;
  nghttp2_session* raw_ = nullptr;
  FloodGuard guard_;
  FrameOrder order_;
  HeadEncoder encoder_;

  Stream* streams_ = nullptr;
  std::vector<void*> spare_streams_;
  size_t active_streams_ = 0;     // with a handler
  size_t live_streams_ = 0;       // all
  uint32_t streams_on_wire_ = 0;  // client side: those that nghttp2 counts against the peer's limit
  Stream* recent_ = nullptr;      // the last one that find() found
  Stream* lender_ = nullptr;
  Stream* data_stream_ = nullptr;  // whose DATA frame nghttp2 is sending
  Stream* walk_next_ = nullptr;    // see update_streams()
  size_t frame_octets_ = 0;        // of the HEADERS frame being read, until it is known whose it is
  size_t data_frame_left_ =
      0;  // octets of the DATA frame being read that are still to come, with padding
  size_t lingering_bytes_ = 0;

  std::string_view failure_;
  bool failure_told_ = false;  // ... to the events, when it happened outside feed()
  bool feeding_ = false;
  bool receiving_ = false;
  bool sending_ = false;
  bool lost_ = false;
  bool transport_blocked_ = false;
  bool goaway_received_ = false;
  bool draining_ = false;
  bool ping_outstanding_ = false;
  bool walking_ = false;
  bool walk_again_ = false;
};

}  // namespace outrigger::http2
