// The octets of a hot restart: whatever comes, each frame is a message or an error; a message,
// encoded anew, is the frame that it came from.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/hot_restart/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using outrigger::hot_restart::FrameReader;
  if (size < 1) return 0;
  size_t piece = data[0] % 31 + 1;
  std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  FrameReader reader;
  for (size_t at = 0; at < octets.size(); at += piece) {
    reader.feed(octets.substr(at, piece));
    outrigger::Bytes frame;
    FrameReader::State state;
    while ((state = reader.next(frame)) == FrameReader::State::frame) {
      auto message = outrigger::hot_restart::decode(frame);
      if (!message.ok()) continue;
      std::string again = outrigger::hot_restart::encode(*message);
      auto second = outrigger::hot_restart::decode(std::string_view(again).substr(4));
      if (!second.ok() || outrigger::hot_restart::encode(*second) != again) abort();
    }
    if (state == FrameReader::State::error) return 0;
  }
  return 0;
}
