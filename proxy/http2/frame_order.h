// FrameOrder: watches the heads of a peer's frames for those on streams that the peer itself has
// ended, or has passed over by opening a later one (RFC 9113, 5.1 and 5.1.1). nghttp2 remembers no
// closed streams and would ignore them.
// Only what is certain: a frame on a stream that WE have reset may have been on its way.
// Thread: the worker. Lifetime: the session's. Remembers the last few streams; on older ones
// nghttp2's leniency holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/bytes.h"
#include "proxy/http2/reset_code.h"

namespace outrigger::http2 {

class FrameOrder {
 public:
  enum class Violation : uint8_t {
    none,
    stream_ended,
    stream_passed_over
  };

  explicit FrameOrder(Side side);

  // Reads the next octets of the connection, in any pieces. Returns how many come before the frame
  // that is a violation (all if none is); of a head that is split, the part in earlier pieces is
  // not taken back.
  size_t scan(Bytes bytes);
  Violation violation() const { return violation_; }

 private:
  static constexpr size_t kHead = 9;
  struct Gap {
    uint32_t after = 0;
    uint32_t before = 0;
  };

  void read_head(const uint8_t* head);
  void check(uint32_t id, bool headers);
  bool opens(uint32_t id);

  std::array<uint32_t, 16> ended_{};
  std::array<Gap, 4> gaps_{};
  uint32_t next_ended_ = 0;
  uint32_t next_gap_ = 0;
  uint32_t last_opened_ = 0;
  size_t skip_ = 0;  // octets until the next head
  std::array<uint8_t, kHead> partial_{};
  size_t partial_size_ = 0;
  const bool server_;
  Violation violation_ = Violation::none;
};

}  // namespace outrigger::http2
