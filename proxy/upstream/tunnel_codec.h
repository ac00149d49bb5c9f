// TunnelCodec: a CONNECT that ends here. The connection's octets are the stream's body, both ways;
// the head of the answer is made up, as soon as the request's head is sent. One stream, then the
// connection is used up. Thread: one worker. Lifetime: the connection's.
#pragma once

#include "api/http/codec.h"
#include "proxy/http1/read_pause.h"

namespace outrigger::upstream {

class TunnelCodec final : public http::ClientCodec, private http::StreamEncoder {
 public:
  explicit TunnelCodec(http::CodecTransport& transport)
      : transport_(transport), pause_(transport) {}

  http::Protocol protocol() const override { return http::Protocol::http11; }
  http::FeedResult feed(Bytes bytes) override;
  http::FeedResult feed_eof() override;
  void on_connection_lost(http::ResetReason reason, std::string_view detail) override;
  void on_transport_blocked() override;
  void on_transport_resumed() override;
  void begin_drain() override { used_ = true; }
  void finish_drain() override { used_ = true; }
  size_t active_streams() const override { return handler_ == nullptr ? 0 : 1; }
  bool finished() const override { return used_ && handler_ == nullptr; }
  bool can_open_stream() const override { return !used_; }
  uint32_t max_concurrent_streams() const override { return 1; }
  http::StreamEncoder& open_stream(http::StreamHandler& handler) override;
  bool reusable() const override { return !used_; }

 private:
  // StreamEncoder
  void send_informational(const http::HeaderMap&) override {}
  void send_headers(const http::HeaderMap& headers, bool end_stream) override;
  void send_body(Bytes body, bool end_stream) override;
  // A byte stream has no place for them: they end it.
  void send_trailers(const http::HeaderMap&) override { send_body({}, true); }
  void reset(http::ResetReason reason) override;
  void pause_reading(bool pause) override {
    if (handler_ != nullptr) pause_.pause(pause);
  }
  size_t queued_bytes() const override { return 0; }  // the transport has them

  void finish_if_done();

  http::CodecTransport& transport_;
  http1::ReadPause pause_;
  http::StreamHandler* handler_ = nullptr;
  bool used_ = false;
  bool sent_end_ = false;
  bool received_end_ = false;
};

}  // namespace outrigger::upstream
