// Http2ClientCodec: the upstream side of an HTTP/2 connection. See session.h for how it behaves.
// Thread: the worker. Lifetime: the connection's; the references outlive it. Not to be destroyed
// inside one of its callbacks.
// The connection preface leaves with the first stream or PING.
#pragma once

#include "proxy/http2/session_codec.h"

namespace outrigger::http2 {

class Http2ClientCodec final : public SessionCodec<http::ClientCodec> {
 public:
  Http2ClientCodec(http::CodecTransport& transport, http::ConnectionEvents& events,
                   const http::Http2Options& options, http::Http2Stats& stats)
      : SessionCodec(Side::client, transport, events, nullptr, options, stats) {}

  bool can_open_stream() const override { return session_.can_open_stream(); }
  uint32_t max_concurrent_streams() const override { return session_.max_concurrent_streams(); }
  http::StreamEncoder& open_stream(http::StreamHandler& handler) override {
    return session_.open_stream(handler);
  }
  bool reusable() const override { return session_.reusable(); }
};

}  // namespace outrigger::http2
