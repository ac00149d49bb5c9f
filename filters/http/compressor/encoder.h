// Encoder: a stream of octets made smaller, piece by piece. Thread: the stream's worker. Lifetime:
// one message's. EncoderSettings: how; any thread, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace outrigger::filters::compressor {

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends what `piece` becomes. All of it can be decoded at once; `last` ends the stream. False:
  // the library failed, and nothing more will come of this encoder.
  virtual bool write(std::string_view piece, bool last, std::string& out) = 0;
};

struct GzipSettings {
  int level = -1;  // zlib's default
  int strategy = 0;
  int window_bits = 12;
  int memory_level = 5;
};

struct BrotliSettings {
  uint32_t quality = 3;
  uint32_t mode = 0;  // generic, text, font
  uint32_t window_bits = 18;
  uint32_t input_block_bits = 24;
  bool no_literal_context = false;
};

struct ZstdSettings {
  int level = 3;
  bool checksum = false;
  int strategy = 0;  // 0: the level's
};

using EncoderSettings = std::variant<GzipSettings, BrotliSettings, ZstdSettings>;

// nullptr: there is no memory for it.
std::unique_ptr<Encoder> make_encoder(const EncoderSettings& settings);
// Of Content-Encoding.
std::string_view encoding_name(const EncoderSettings& settings);

}  // namespace outrigger::filters::compressor
