#include "proxy/http1/body_writer.h"

#include <bit>
#include <cstring>

#include "proxy/http1/head_writer.h"

namespace outrigger::http1 {
namespace {

constexpr Bytes kLineEnd = "\r\n";
constexpr Bytes kLastChunk = "0\r\n\r\n";
constexpr Bytes kChunkAndLastChunk = "\r\n0\r\n\r\n";
constexpr size_t kMaxSizeLine = 16 + 2;

// Up to this size a chunk is copied together with its framing: one piece of output instead of
// three.
constexpr size_t kMaxJoinedChunk = 4096;

char* put(char* at, Bytes bytes) {
  std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

char* put_size_line(char* at, size_t size) {
  auto digits = static_cast<int>((std::bit_width(size) + 3) / 4);
  for (int i = digits - 1; i >= 0; --i) *at++ = "0123456789abcdef"[(size >> (4 * i)) & 15];
  return put(at, kLineEnd);
}

void put_piece(http::CodecTransport& transport, Bytes piece) {
  put(transport.reserve(piece.size()), piece);
  transport.commit(piece.size());
}

}  // namespace

bool BodyWriter::write(http::CodecTransport& transport, Bytes body, bool end) {
  switch (kind_) {
    case Kind::none:
      return true;
    case Kind::length:
      return write_length(transport, body, end);
    case Kind::chunked:
      if (!body.empty()) {
        write_chunk(transport, body, end);
      } else if (end) {
        put_piece(transport, kLastChunk);
      }
      return true;
    case Kind::raw:
      if (!body.empty()) transport.write(body);
      return true;
  }
  return true;
}

bool BodyWriter::write_length(http::CodecTransport& transport, Bytes body, bool end) {
  Bytes fits = body.substr(0, std::min<uint64_t>(left_, body.size()));
  left_ -= fits.size();
  if (!fits.empty()) transport.write(fits);
  return fits.size() == body.size() && (!end || left_ == 0);
}

void BodyWriter::write_chunk(http::CodecTransport& transport, Bytes body, bool end) {
  Bytes tail = end ? kChunkAndLastChunk : kLineEnd;
  bool joined = body.size() <= kMaxJoinedChunk;
  char* begin = transport.reserve(kMaxSizeLine + (joined ? body.size() + tail.size() : 0));
  char* at = put_size_line(begin, body.size());
  if (joined) at = put(put(at, body), tail);
  transport.commit(static_cast<size_t>(at - begin));
  if (joined) return;
  transport.write(body);
  put_piece(transport, tail);
}

bool BodyWriter::write_trailers(MeteredTransport& transport, const http::HeaderMap& trailers,
                                const http::Http1Options& options) {
  if (kind_ != Kind::chunked || !options.enable_trailers) return write(transport, {}, true);
  transport.sent_fields(write_trailer_section(transport, trailers, options.header_case));
  return true;
}

}  // namespace outrigger::http1
