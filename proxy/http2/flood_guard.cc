#include "proxy/http2/flood_guard.h"

#include <algorithm>

#include <nghttp2/nghttp2.h>

#include "proxy/http2/details.h"

namespace outrigger::http2 {
namespace {

// WINDOW_UPDATE frames that are allowed before any stream: the connection's own window, grown in a
// few steps.
constexpr uint64_t kFreeWindowUpdates = 5;

}  // namespace

std::string_view FloodGuard::refuse(Counter& counter, std::string_view detail) {
  counter.inc();
  return detail;
}

std::string_view FloodGuard::inbound_frame(uint8_t type, uint8_t flags, size_t length) {
  switch (type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
    case NGHTTP2_DATA:
      if (length != 0 || (flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        consecutive_empty_frames_ = 0;
      } else if (++consecutive_empty_frames_ >
                 options_.max_consecutive_inbound_frames_with_empty_payload) {
        return refuse(stats_.inbound_empty_frames_flood, detail::kEmptyFrameFlood);
      }
      return {};
    case NGHTTP2_PRIORITY:
      if (++priority_frames_ >
          uint64_t{options_.max_inbound_priority_frames_per_stream} * (1 + streams_opened_)) {
        return refuse(stats_.inbound_priority_frames_flood, detail::kPriorityFlood);
      }
      return {};
    case NGHTTP2_WINDOW_UPDATE: {
      uint64_t per_data = uint64_t{options_.max_inbound_window_update_frames_per_data_frame_sent} *
                          data_frames_sent_;
      if (++window_update_frames_ > kFreeWindowUpdates + 2 * (streams_opened_ + per_data)) {
        return refuse(stats_.inbound_window_update_frames_flood, detail::kWindowUpdateFlood);
      }
      return {};
    }
    default:
      return {};
  }
}

void FloodGuard::outbound_frame(bool control) {
  ++frames_queued_;
  stats_.outbound_frames_active.inc();
  if (!control) return;
  ++control_frames_queued_;
  stats_.outbound_control_frames_active.inc();
}

void FloodGuard::flushed() {
  stats_.outbound_frames_active.add(-int64_t{frames_queued_});
  stats_.outbound_control_frames_active.add(-int64_t{control_frames_queued_});
  frames_queued_ = 0;
  control_frames_queued_ = 0;
}

std::string_view FloodGuard::outbound_verdict() {
  if (frames_queued_ > options_.max_outbound_frames)
    return refuse(stats_.outbound_flood, detail::kOutboundFlood);
  if (control_frames_queued_ > options_.max_outbound_control_frames) {
    return refuse(stats_.outbound_control_flood, detail::kOutboundControlFlood);
  }
  return {};
}

std::string_view FloodGuard::stream_closed(bool premature) {
  ++present_.streams_closed;
  if (!premature) return {};
  ++present_.premature_resets;
  uint64_t closed = present_.streams_closed + before_.streams_closed;
  uint64_t resets = present_.premature_resets + before_.premature_resets;
  uint64_t streams = std::max(closed, kPrematureResetMinStreams);
  return resets * 2 < streams ? std::string_view() : detail::kPrematureResets;
}

void FloodGuard::next_window() {
  before_ = present_;
  present_ = Window();
}

}  // namespace outrigger::http2
