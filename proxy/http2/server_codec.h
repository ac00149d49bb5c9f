// Http2ServerCodec: the downstream side of an HTTP/2 connection. See session.h for how it behaves.
// Thread: the worker. Lifetime: the connection's; the references outlive it. Not to be destroyed
// inside one of its callbacks.
#pragma once

#include "proxy/http2/session_codec.h"

namespace outrigger::http2 {

class Http2ServerCodec final : public SessionCodec<http::ServerCodec> {
 public:
  Http2ServerCodec(http::CodecTransport& transport, http::ServerEvents& events,
                   const http::Http2Options& options, http::Http2Stats& stats)
      : SessionCodec(Side::server, transport, events, &events, options, stats) {}
};

}  // namespace outrigger::http2
