#include "proxy/http2/frame_order.h"

#include <algorithm>
#include <cstring>

#include <nghttp2/nghttp2.h>

namespace outrigger::http2 {
namespace {

uint32_t read_be(const uint8_t* from, size_t octets) {
  uint32_t value = 0;
  for (size_t i = 0; i < octets; ++i) value = value << 8 | from[i];
  return value;
}

}  // namespace

FrameOrder::FrameOrder(Side side)
    : skip_(side == Side::server ? NGHTTP2_CLIENT_MAGIC_LEN : 0), server_(side == Side::server) {}

size_t FrameOrder::scan(Bytes bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t at = 0;
  while (at < bytes.size()) {
    if (skip_ > 0) {
      size_t part = std::min(skip_, bytes.size() - at);
      skip_ -= part;
      at += part;
      continue;
    }
    size_t start = at;
    if (partial_size_ == 0 && bytes.size() - at >= kHead) {
      read_head(data + at);
      at += kHead;
    } else {
      size_t part = std::min(kHead - partial_size_, bytes.size() - at);
      std::memcpy(partial_.data() + partial_size_, data + at, part);
      partial_size_ += part;
      at += part;
      if (partial_size_ < kHead) break;
      partial_size_ = 0;
      read_head(partial_.data());
    }
    if (violation_ != Violation::none) return start;
  }
  return bytes.size();
}

void FrameOrder::read_head(const uint8_t* head) {
  skip_ = read_be(head, 3);
  uint8_t type = head[3];
  if (type != NGHTTP2_DATA && type != NGHTTP2_HEADERS && type != NGHTTP2_RST_STREAM) return;
  uint32_t id = read_be(head + 5, 4) & 0x7fffffff;
  bool reset = type == NGHTTP2_RST_STREAM;
  if (!reset) check(id, type == NGHTTP2_HEADERS);
  if (reset || (head[4] & NGHTTP2_FLAG_END_STREAM) != 0) ended_[next_ended_++ % ended_.size()] = id;
}

void FrameOrder::check(uint32_t id, bool headers) {
  if (id == 0) return;  // an error of another kind, which nghttp2 finds
  if (server_ && headers && opens(id)) return;
  if (std::find(ended_.begin(), ended_.end(), id) != ended_.end()) {
    violation_ = Violation::stream_ended;
  } else if (std::any_of(gaps_.begin(), gaps_.end(),
                         [id](const Gap& gap) { return gap.after < id && id < gap.before; })) {
    violation_ = Violation::stream_passed_over;
  }
}

bool FrameOrder::opens(uint32_t id) {
  if (id <= last_opened_ || id % 2 == 0) return false;
  if (id > last_opened_ + 2) gaps_[next_gap_++ % gaps_.size()] = {last_opened_, id};
  last_opened_ = id;
  return true;
}

}  // namespace outrigger::http2
