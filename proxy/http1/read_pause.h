// ReadPause: the two reasons not to read from the peer, merged into one switch of the transport.
// A stream pauses by count; the codec itself holds input that belongs to a message which may not
// begin yet.
#pragma once

#include <cstdint>

#include "api/http/codec.h"

namespace outrigger::http1 {

class ReadPause {
 public:
  explicit ReadPause(http::CodecTransport& transport) : transport_(transport) {}

  void pause(bool pause) {
    if (pause) {
      ++count_;
    } else if (count_ > 0) {
      --count_;
    }
    apply();
  }
  void hold(bool hold) {
    held_ = hold;
    apply();
  }
  // The stream is gone, and its pauses with it.
  void release() {
    count_ = 0;
    held_ = false;
    apply();
  }

 private:
  void apply() {
    bool want = held_ || count_ > 0;
    if (want == paused_) return;
    paused_ = want;
    transport_.pause_reading(want);
  }

  http::CodecTransport& transport_;
  uint32_t count_ = 0;
  bool held_ = false;
  bool paused_ = false;
};

}  // namespace outrigger::http1
