// Http1ClientCodec: HTTP/1.1 with an upstream. Requests out, responses in, one stream at once.
// Thread: one worker. Lifetime: the connection's.
// Pure: writes into the transport, calls the streams, keeps no time and no socket.
//
//   idle     -> head      open_stream
//   head     -> head      1xx
//            -> body      the head announces a body
//            -> done      it does not
//            -> tunnel    101, or 2xx to CONNECT
//   body     -> trailers  after the last chunk, unless the trailer section is empty
//   body, trailers -> done
//   done     -> idle      the request is complete too
//            -> nothing   and the connection cannot be used again
//   tunnel   -> nothing   EOF
//   any      -> nothing   refused, reset, EOF, octets that nobody asked for
//
// done: the handler either goes on sending its request or resets the stream.
//
// Of an upgrade or CONNECT, what is sent before the answer waits in the codec (on_write_blocked,
// queued_bytes): before a tunnel exists the upstream would take it for the next request. When the
// upstream refuses, it is dropped and the request counts as complete.
#pragma once

#include <string>

#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "proxy/http1/body_reader.h"
#include "proxy/http1/body_writer.h"
#include "proxy/http1/head_reader.h"
#include "proxy/http1/head_writer.h"
#include "proxy/http1/metered_transport.h"
#include "proxy/http1/read_pause.h"
#include "proxy/http1/response_head.h"

namespace outrigger::http1 {

class Http1ClientCodec final : public http::ClientCodec, private http::StreamEncoder {
 public:
  Http1ClientCodec(http::CodecTransport& transport, http::ConnectionEvents& events,
                   const http::Http1Options& options, http::Http1Stats& stats)
      : transport_(transport),
        events_(events),
        options_(options),
        stats_(stats),
        pause_(transport) {}

  // Of the last response; what we send is always 1.1.
  http::Protocol protocol() const override {
    return response_.http10 ? http::Protocol::http10 : http::Protocol::http11;
  }
  http::FeedResult feed(Bytes bytes) override;
  http::FeedResult feed_eof() override;
  void on_connection_lost(http::ResetReason reason, std::string_view detail) override;
  void on_transport_blocked() override;
  void on_transport_resumed() override;
  void begin_drain() override { reusable_ = false; }
  void finish_drain() override { reusable_ = false; }
  size_t active_streams() const override { return handler_ == nullptr ? 0 : 1; }
  bool finished() const override { return broken_ || (handler_ == nullptr && !reusable_); }
  bool can_open_stream() const override { return reading_ == Reading::idle && reusable_; }
  uint32_t max_concurrent_streams() const override { return 1; }
  http::StreamEncoder& open_stream(http::StreamHandler& handler) override;
  bool reusable() const override { return reusable_; }

 private:
  enum class Reading : uint8_t {
    idle,
    head,
    body,
    trailers,
    done,
    tunnel,
    nothing
  };

  // StreamEncoder
  void send_informational(const http::HeaderMap&) override {}  // clients have none
  void send_headers(const http::HeaderMap& headers, bool end_stream) override;
  void send_body(Bytes body, bool end_stream) override;
  void send_trailers(const http::HeaderMap& trailers) override;
  void reset(http::ResetReason reason) override;
  void pause_reading(bool pause) override {
    if (handler_ != nullptr) pause_.pause(pause);
  }
  size_t queued_bytes() const override { return early_.size(); }

  // Each reads the beginning of `bytes` and returns how much it used.
  size_t read(Bytes bytes);
  size_t read_head(Bytes bytes);
  size_t read_body(Bytes bytes);
  size_t read_trailers(Bytes bytes);
  size_t refuse_extraneous(Bytes bytes);

  void on_head(char* head, size_t size, bool more_follows);
  void on_informational(http::HeaderMap& headers, size_t size);
  void on_final_head(http::HeaderMap& headers, bool more_follows);
  void on_body_end(Bytes last_part, bool more_follows);
  void on_trailer_section(char* section, bool more_follows);
  void end_response(bool more_follows);
  void decide_tunnel();
  void resume_early_sender();
  void not_reusable();
  void fail(HeadError error);

  HeadFraming frame_request(const http::HeaderMap& headers, std::string_view method,
                            bool end_stream);
  std::string_view target_of(const http::HeaderMap& headers);
  void end_request(bool complete);
  void finish_stream();
  void finish_if_done() {
    if (handler_ != nullptr && request_done_ && response_done_ && !broken_) finish_stream();
  }
  void lose_stream(http::ResetReason reason, std::string_view detail);
  http::FeedResult result(size_t consumed) const;
  FieldRules rules(Section section) const { return {options_, stats_, section, false}; }

  MeteredTransport transport_;
  http::ConnectionEvents& events_;
  const http::Http1Options& options_;
  http::Http1Stats& stats_;
  http::StreamHandler* handler_ = nullptr;
  ReadPause pause_;
  HeadReader head_;
  BodyReader body_in_;
  BodyWriter body_out_;
  ResponseHead response_;
  RequestKind request_;
  std::string early_;         // for a tunnel that is not decided
  size_t informational_ = 0;  // octets of 1xx heads of this response
  std::string_view close_detail_;

  Reading reading_ = Reading::idle;
  bool request_started_ = false;
  bool request_done_ = false;
  bool response_done_ = false;
  bool may_tunnel_ = false;  // an upgrade or CONNECT that is not answered yet
  bool tunnel_ = false;
  bool early_end_ = false;      // the early octets are all that the stream sends
  bool early_blocked_ = false;  // the stream was told to wait for the tunnel
  bool reusable_ = true;
  bool goaway_due_ = false;  // to be told at the end of feed(), when no stream is in a callback
  bool broken_ = false;      // the output cannot be continued: close
  bool feeding_ = false;     // inside feed(): it ends the stream, not the encoder's call
};

}  // namespace outrigger::http1
