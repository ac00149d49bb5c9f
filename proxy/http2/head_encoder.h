// HeadEncoder: HeaderMap -> the array of fields that nghttp2 compresses. One per session; its array
// is reused.
// Thread: the worker. Lifetime: the session's; an encoded array until the next call.
// What HTTP/2 forbids is left out (RFC 9113, 8.2.2): connection, keep-alive, proxy-connection,
// transfer-encoding, upgrade, http2-settings, te other than "trailers"; host where there is an
// :authority; and of a plain CONNECT, :scheme and :path (8.5).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "api/http/header_map.h"

namespace outrigger::http2 {

class HeadEncoder {
 public:
  enum class Kind : uint8_t {
    request,
    response,
    trailers
  };

  // `borrow`: the fields' memory stays until the frame was sent, so that nghttp2 need not copy it.
  std::span<const nghttp2_nv> encode(const http::HeaderMap& headers, Kind kind, bool borrow);

 private:
  void put(const http::HeaderField& field, std::string_view value);
  void put_pseudo(http::HeaderId id, std::string_view value);

  std::vector<nghttp2_nv> fields_;
  uint8_t value_flags_ = NGHTTP2_NV_FLAG_NONE;
};

}  // namespace outrigger::http2
