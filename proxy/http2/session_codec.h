// SessionCodec: what the codecs of both sides share: every call of the contract goes to the
// session.
// Thread: the worker. Lifetime: the connection's.
#pragma once

#include "api/http/codec.h"
#include "proxy/http2/session.h"

namespace outrigger::http2 {

template <class Contract>
class SessionCodec : public Contract {
 public:
  http::Protocol protocol() const final { return http::Protocol::http2; }
  http::FeedResult feed(Bytes bytes) final { return session_.feed(bytes); }
  http::FeedResult feed_eof() final { return session_.feed_eof(); }
  void on_connection_lost(http::ResetReason reason, std::string_view detail) final {
    session_.connection_lost(reason, detail);
  }
  void on_transport_blocked() final { session_.transport_blocked(); }
  void on_transport_resumed() final { session_.transport_resumed(); }
  void begin_drain() final { session_.begin_drain(); }
  void finish_drain() final { session_.finish_drain(); }
  size_t active_streams() const final { return session_.active_streams(); }
  bool finished() const final { return session_.finished(); }
  void send_ping() final { session_.send_ping(); }
  void next_window() final { session_.next_window(); }
  bool ping_outstanding() const final { return session_.ping_outstanding(); }

 protected:
  SessionCodec(Side side, http::CodecTransport& transport, http::ConnectionEvents& events,
               http::ServerEvents* server_events, const http::Http2Options& options,
               http::Http2Stats& stats)
      : session_(side, transport, events, server_events, options, stats) {}

  Session session_;
};

}  // namespace outrigger::http2
