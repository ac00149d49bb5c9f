// Writes heads: one reserve of the transport, one pass over the fields. The framing fields are this
// folder's own: connection, keep-alive, proxy-connection and transfer-encoding of a map never reach
// the wire as they are.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/codec.h"
#include "api/http/codec_options.h"
#include "api/http/header_map.h"

namespace outrigger::http1 {

// How the body's end is announced.
enum class LengthField : uint8_t {
  none,      // no field
  from_map,  // the map's content-length
  zero,      // content-length: 0
  chunked,   // transfer-encoding: chunked
};

enum class ConnectionField : uint8_t {
  none,
  close,
  keep_alive,
  upgrade
};

struct HeadFraming {
  LengthField length = LengthField::none;
  ConnectionField connection = ConnectionField::none;
};

// Each returns the octets of the field lines.
size_t write_response_head(http::CodecTransport& transport, const http::HeaderMap& headers,
                           int status, bool http10, HeadFraming framing,
                           http::HeaderCase header_case);
// `target` is what stands in the request line.
size_t write_request_head(http::CodecTransport& transport, const http::HeaderMap& headers,
                          std::string_view method, std::string_view target, HeadFraming framing,
                          http::HeaderCase header_case);
// "0" CRLF, the fields, CRLF.
size_t write_trailer_section(http::CodecTransport& transport, const http::HeaderMap& trailers,
                             http::HeaderCase header_case);

// The phrase of RFC 9110 and its registry; "Unknown" for others, as Envoy says.
std::string_view reason_phrase(int status);

}  // namespace outrigger::http1
