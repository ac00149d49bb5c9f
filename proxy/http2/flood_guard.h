// FloodGuard: counts what ONE connection's peer sends and makes us send, and says when it is too
// much.
// Names and formulas are those of Envoy's Http2ProtocolOptions. No clock: everything is measured
// against other frames, and resets within windows of time that somebody else tells.
// Thread: the worker. Lifetime: the session's.
// Every verdict is a detail name, empty while all is well; it is counted once.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/http/codec_options.h"

namespace outrigger::http2 {

class FloodGuard {
 public:
  // Rapid reset (Envoy: overload.premature_reset_total_stream_count, 500): once this many streams
  // have closed, or could still be outweighed by then, a client that gave up half of them before it
  // got a response's head is cut off. Envoy forgives streams older than a second; we forgive those
  // whose response had begun, and count the present window of time and the one before only: a
  // client may cancel most of its requests if it takes its time.
  static constexpr uint64_t kPrematureResetMinStreams = 500;

  FloodGuard(const http::Http2Options& options, http::Http2Stats& stats)
      : options_(options), stats_(stats) {}
  FloodGuard(const FloodGuard&) = delete;
  FloodGuard& operator=(const FloodGuard&) = delete;
  ~FloodGuard() { flushed(); }

  // A stream of either side. Each gives the peer credit for PRIORITY and WINDOW_UPDATE frames.
  void stream_opened() { ++streams_opened_; }
  // `length` without padding.
  std::string_view inbound_frame(uint8_t type, uint8_t flags, size_t length);

  // Frames that went to the transport and are not known to have left. `control`: answers that the
  // peer can provoke (acknowledgements of PING and SETTINGS, RST_STREAM).
  void outbound_frame(bool control);
  void outbound_data_frame() { ++data_frames_sent_; }
  // The transport is below its high watermark: what it holds is bounded by octets.
  void flushed();
  std::string_view outbound_verdict();

  // Server side: a stream ended; `premature` if the client reset it before the response's head was
  // sent.
  std::string_view stream_closed(bool premature);
  void next_window();

 private:
  std::string_view refuse(Counter& counter, std::string_view detail);

  const http::Http2Options& options_;
  http::Http2Stats& stats_;
  uint64_t streams_opened_ = 0;
  struct Window {
    uint64_t streams_closed = 0;
    uint64_t premature_resets = 0;
  };
  Window present_, before_;
  uint64_t data_frames_sent_ = 0;
  uint64_t priority_frames_ = 0;
  uint64_t window_update_frames_ = 0;
  uint32_t consecutive_empty_frames_ = 0;
  uint32_t frames_queued_ = 0;
  uint32_t control_frames_queued_ = 0;
};

}  // namespace outrigger::http2
