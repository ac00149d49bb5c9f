#include "proxy/http1/body_reader.h"

#include <algorithm>

#include "proxy/http1/chars.h"

namespace outrigger::http1 {
namespace {

constexpr uint8_t kMaxSizeDigits = 15;  // sums of such sizes do not overflow
constexpr Bytes kLastChunk = "\r\n0\r\n\r\n";

}  // namespace

void BodyReader::start(Kind kind, uint64_t length) {
  kind_ = kind;
  state_ = ChunkState::size;
  digits_ = 0;
  line_ = 0;
  left_ = kind == Kind::length ? length : 0;
}

BodyReader::Step BodyReader::next(Bytes bytes) {
  switch (kind_) {
    case Kind::length:
      return next_length(bytes);
    case Kind::chunked:
      return next_chunked(bytes);
    case Kind::until_close:
      return {bytes.empty() ? Event::need_more : Event::data, bytes.size(), bytes};
  }
  return {Event::bad, 0};
}

BodyReader::Step BodyReader::next_length(Bytes bytes) {
  Bytes part = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
  left_ -= part.size();
  if (left_ == 0) return {Event::end, part.size(), part};
  return {part.empty() ? Event::need_more : Event::data, part.size(), part};
}

BodyReader::Step BodyReader::next_chunked(Bytes bytes) {
  for (size_t at = 0; at < bytes.size(); ++at) {
    char c = bytes[at];
    switch (state_) {
      case ChunkState::data:
        return chunk_data(bytes, at);
      case ChunkState::data_cr:
        if (c != '\r') return {Event::bad, at};
        state_ = ChunkState::data_lf;
        break;
      case ChunkState::data_lf:
        if (c != '\n') return {Event::bad, at};
        state_ = ChunkState::size;
        digits_ = 0;
        line_ = 0;
        break;
      case ChunkState::size_lf:
        if (c != '\n') return {Event::bad, at};
        if (left_ == 0) return {Event::trailers, at + 1};
        state_ = ChunkState::data;
        break;
      default:
        if (!size_line(c)) return {Event::bad, at};
    }
  }
  return {Event::need_more, bytes.size()};
}

// 1*HEXDIG *( BWS ";" ... ) up to the CR. White space after the size only where an extension
// follows.
bool BodyReader::size_line(char c) {
  if (++line_ > kMaxChunkLine) return false;
  if (state_ == ChunkState::extension) {
    if (c == '\r') state_ = ChunkState::size_lf;
    return c == '\r' || is_text(c);
  }
  uint8_t digit = kHexDigit[octet(c)];
  if (digit != kNoHexDigit && state_ == ChunkState::size) {
    left_ = left_ * 16 + digit;
    return ++digits_ <= kMaxSizeDigits;
  }
  if (digits_ == 0) return false;
  if (c == ';') {
    state_ = ChunkState::extension;
    return true;
  }
  if (c == ' ' || c == '\t') {
    state_ = ChunkState::blank;
    return true;
  }
  if (c != '\r' || state_ == ChunkState::blank) return false;
  state_ = ChunkState::size_lf;
  return true;
}

BodyReader::Step BodyReader::chunk_data(Bytes bytes, size_t at) {
  Bytes data = bytes.substr(at, std::min<uint64_t>(left_, bytes.size() - at));
  left_ -= data.size();
  size_t used = at + data.size();
  if (left_ != 0) return {Event::data, used, data};
  // The end of the body in the same octets: say so with its last part, which saves whoever passes
  // it on a write.
  if (bytes.substr(used).starts_with(kLastChunk)) {
    return {Event::end, used + kLastChunk.size(), data};
  }
  state_ = ChunkState::data_cr;
  return {Event::data, used, data};
}

}  // namespace outrigger::http1
