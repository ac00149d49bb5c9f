// Decoder: a stream of compressed octets made what it was, piece by piece. Thread: the stream's
// worker. Lifetime: one message's. DecoderSettings: how; any thread, immutable.
//
// Small input may be made to become very large output. What one piece may become is limited, so
// that no message can fill the memory before back-pressure is felt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/stats.h"

namespace outrigger::filters::decompressor {

#define OUTRIGGER_ZLIB_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(zlib_buf_error)                                      \
  COUNTER(zlib_data_error)                                     \
  COUNTER(zlib_errno)                                          \
  COUNTER(zlib_mem_error)                                      \
  COUNTER(zlib_stream_error)                                   \
  COUNTER(zlib_version_error)
OUTRIGGER_DEFINE_STATS(ZlibStats, OUTRIGGER_ZLIB_STATS)

#define OUTRIGGER_BROTLI_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(brotli_error)                                          \
  COUNTER(brotli_output_overflow_error)                          \
  COUNTER(brotli_redundant_input)
OUTRIGGER_DEFINE_STATS(BrotliStats, OUTRIGGER_BROTLI_STATS)

#define OUTRIGGER_ZSTD_STATS(COUNTER, GAUGE, HISTOGRAM, CODES) \
  COUNTER(zstd_checksum_wrong_error)                           \
  COUNTER(zstd_dictionary_error)                               \
  COUNTER(zstd_generic_error)                                  \
  COUNTER(zstd_memory_error)
OUTRIGGER_DEFINE_STATS(ZstdStats, OUTRIGGER_ZSTD_STATS)

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Appends what `piece` becomes. False: the octets are wrong, or become too much: nothing more
  // will come of this decoder.
  virtual bool write(std::string_view piece, std::string& out) = 0;
};

struct GzipDecoding {
  int window_bits = 15;
  uint64_t max_ratio = 100;
};

struct BrotliDecoding {
  bool fixed_ring_buffer = false;  // the largest at once, instead of one that grows
};

struct ZstdDecoding {
  std::vector<std::string> dictionaries;
};

using DecoderSettings = std::variant<GzipDecoding, BrotliDecoding, ZstdDecoding>;

// `errors`: of the library's kind. nullptr: there is no memory for it.
std::unique_ptr<Decoder> make_decoder(const DecoderSettings& settings, StatsScope& errors,
                                      unsigned worker);
StatsScopePtr make_decoder_stats(const DecoderSettings& settings, StatsRegistry& registry,
                                 std::string prefix, std::string extracted,
                                 std::vector<StatTag> tags);
// Of Content-Encoding, and in names of statistics.
std::string_view encoding_of(const DecoderSettings& settings);
std::string_view library_of(const DecoderSettings& settings);

}  // namespace outrigger::filters::decompressor
