// BodyReader: where a message's body ends. Hands out views into the octets that it is given; keeps
// none. Lifetime: one message; start() begins the next.
#pragma once

#include <cstddef>
#include <cstdint>

#include "api/bytes.h"

namespace outrigger::http1 {

// A chunk's size line, extensions included. Extensions are dropped: a longer one only costs
// (signatures of chunks have about 100).
inline constexpr size_t kMaxChunkLine = 512;

class BodyReader {
 public:
  enum class Kind : uint8_t {
    length,
    chunked,
    until_close
  };
  enum class Event : uint8_t {
    need_more,  // everything was used
    data,       // `data` is not empty
    end,        // the body is over; `data` may hold its last part
    trailers,   // the chunks are over, the trailer section (perhaps only its empty line) follows
    bad,
  };
  struct Step {
    Event event;
    size_t consumed;
    Bytes data = {};
  };

  void start(Kind kind, uint64_t length);
  Step next(Bytes bytes);
  bool is_until_close() const { return kind_ == Kind::until_close; }

 private:
  enum class ChunkState : uint8_t {
    size,
    blank,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf
  };

  Step next_length(Bytes bytes);
  Step next_chunked(Bytes bytes);
  Step chunk_data(Bytes bytes, size_t at);
  bool size_line(char c);

  Kind kind_ = Kind::length;
  ChunkState state_ = ChunkState::size;
  uint8_t digits_ = 0;
  uint16_t line_ = 0;  // octets of the size line so far
  uint64_t left_ = 0;  // of the body, or of the chunk
};

}  // namespace outrigger::http1
