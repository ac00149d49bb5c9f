// BodyWriter: the framing of a body that is sent: counted, chunked, raw, or left out.
// Lifetime: one message; start() begins the next.
#pragma once

#include <cstdint>

#include "api/bytes.h"
#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "proxy/http1/metered_transport.h"

namespace outrigger::http1 {

class BodyWriter {
 public:
  enum class Kind : uint8_t {
    none,    // the message has no body: what is given is dropped
    length,  // content-length was announced
    chunked,
    raw,  // until the connection closes, or a tunnel
  };

  void start(Kind kind, uint64_t length) {
    kind_ = kind;
    left_ = length;
  }
  Kind kind() const { return kind_; }

  // False: more or fewer octets than announced. What is too much is not sent.
  bool write(http::CodecTransport& transport, Bytes body, bool end);
  // Ends a chunked body with trailers; other kinds cannot carry them.
  bool write_trailers(MeteredTransport& transport, const http::HeaderMap& trailers,
                      const http::Http1Options& options);

 private:
  bool write_length(http::CodecTransport& transport, Bytes body, bool end);
  static void write_chunk(http::CodecTransport& transport, Bytes body, bool end);

  Kind kind_ = Kind::none;
  uint64_t left_ = 0;
};

}  // namespace outrigger::http1
