// Http1ServerCodec: HTTP/1.0 and 1.1 with a client. Requests in, responses out, one stream at once.
// Thread: one worker. Lifetime: the connection's.
// Pure: writes into the transport, calls the streams, keeps no time and no socket.
//
//   between  -> head      first octet (empty lines before it are skipped)
//   head     -> body      the head is complete and announces a body
//            -> hold      the head is complete, and all of the request
//   body     -> trailers  after the last chunk, unless the trailer section is empty
//   body, trailers -> hold
//   hold     -> between   the response is complete
//            -> tunnel    101, or 2xx to CONNECT
//            -> nothing   the response is complete and was the last one
//   tunnel   -> nothing   EOF
//   any      -> nothing   refused, reset, EOF
//
// hold: input stays with the caller, be it a pipelined request or octets whose protocol is not
// decided: feed() consumes less than it was given and reading is paused until the response ended or
// the tunnel began. The transport must not call feed() from inside pause_reading().
//
// A response that begins before its request is complete says "connection: close". If it also ends
// first, the request goes on being read: the handler waits for its end or resets the stream, and
// the connection closes after the output (finished()).
//
// An upgrade that is refused ends with on_stream_closed, without an end_stream for the request: its
// head was all of it.
#pragma once

#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "proxy/http1/body_reader.h"
#include "proxy/http1/body_writer.h"
#include "proxy/http1/head_reader.h"
#include "proxy/http1/head_writer.h"
#include "proxy/http1/metered_transport.h"
#include "proxy/http1/read_pause.h"
#include "proxy/http1/request_head.h"

namespace outrigger::http1 {

class Http1ServerCodec final : public http::ServerCodec, private http::StreamEncoder {
 public:
  Http1ServerCodec(http::CodecTransport& transport, http::ServerEvents& events,
                   const http::Http1Options& options, http::Http1Stats& stats)
      : transport_(transport),
        events_(events),
        options_(options),
        stats_(stats),
        pause_(transport) {}

  http::Protocol protocol() const override {
    return request_.http10 ? http::Protocol::http10 : http::Protocol::http11;
  }
  http::FeedResult feed(Bytes bytes) override;
  http::FeedResult feed_eof() override;
  void on_connection_lost(http::ResetReason reason, std::string_view detail) override;
  void on_transport_blocked() override;
  void on_transport_resumed() override;
  void begin_drain() override { draining_ = true; }
  void finish_drain() override { drained_ = true; }
  size_t active_streams() const override { return open_ ? 1 : 0; }
  bool finished() const override;

 private:
  enum class Reading : uint8_t {
    between,
    head,
    body,
    trailers,
    hold,
    tunnel,
    nothing
  };

  // StreamEncoder
  void send_informational(const http::HeaderMap& headers) override;
  void send_headers(const http::HeaderMap& headers, bool end_stream) override;
  void send_body(Bytes body, bool end_stream) override;
  void send_trailers(const http::HeaderMap& trailers) override;
  void reset(http::ResetReason reason) override;
  void pause_reading(bool pause) override {
    if (open_) pause_.pause(pause);
  }
  size_t queued_bytes() const override { return 0; }  // the connection owns the queue
  bool hand_over(http::StreamHandler& next) override;

  // Each reads the beginning of `bytes` and returns how much it used.
  size_t read(Bytes bytes);
  size_t read_between(Bytes bytes);
  size_t read_head(Bytes bytes);
  size_t read_body(Bytes bytes);
  size_t read_trailers(Bytes bytes);

  void begin_stream();
  void on_head(char* head);
  void on_body_end(Bytes last_part);
  void on_trailer_section(char* section);
  void end_request();
  void fail(HeadError error);

  // The fields that frame the response, and how its body is written.
  HeadFraming frame_response(const http::HeaderMap& headers, int status, bool end_stream);
  ConnectionField decide_connection(const http::HeaderMap& headers);
  void begin_tunnel();
  void end_response(bool complete);
  void finish_stream();
  void finish_if_done() {
    if (open_ && request_done_ && response_done_ && !broken_) finish_stream();
  }
  // The rest is a tunnel's that is not decided, or the next request's: that begins neither before
  // the response to this one is complete nor while the client does not take the responses that it
  // has.
  bool must_hold() const {
    return reading_ == Reading::hold || (reading_ == Reading::between && blocked_);
  }
  void lose_stream(http::ResetReason reason, std::string_view detail);
  http::FeedResult result(size_t consumed) const;
  FieldRules rules(Section section) const { return {options_, stats_, section, true}; }

  MeteredTransport transport_;
  http::ServerEvents& events_;
  const http::Http1Options& options_;
  http::Http1Stats& stats_;
  http::StreamHandler* handler_ = nullptr;
  ReadPause pause_;
  HeadReader head_;
  StartLineCheck start_line_;
  BodyReader body_in_;
  BodyWriter body_out_;
  RequestHead request_;
  std::string_view close_detail_;

  Reading reading_ = Reading::between;
  uint8_t empty_lines_ = 0;     // before the next request
  bool in_empty_line_ = false;  // after its carriage return
  bool open_ = false;           // there is a stream
  bool request_done_ = false;
  bool response_started_ = false;
  bool response_done_ = false;
  bool may_tunnel_ = false;  // an upgrade or CONNECT that is not answered yet
  bool tunnel_ = false;
  bool keep_alive_ = true;
  bool draining_ = false;
  bool drained_ = false;
  bool broken_ = false;  // the output cannot be continued: close
  bool blocked_ = false;
  bool feeding_ = false;  // inside feed(): it ends the stream, not the encoder's call
};

}  // namespace outrigger::http1
