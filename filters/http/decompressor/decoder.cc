#include "filters/http/decompressor/decoder.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <utility>

#include <brotli/decode.h>

namespace outrigger::filters::decompressor {
namespace {

// Output is taken in pieces of this size, and looked at after each.
constexpr size_t kPieceOctets = 16 * 1024;
// What a piece may become, many times over.
constexpr uint64_t kMaxRatio = 100;
// zstd makes blocks of 128 KiB of a few octets as a matter of course: a small piece may become this
// much.
constexpr uint64_t kZstdFloor = 1024 * 1024;
// 8 MiB: RFC 9659 allows no larger window on the web; the library takes the memory for it at once.
constexpr int kZstdWindowLog = 23;

class GzipDecoder final : public Decoder {
 public:
  static std::unique_ptr<Decoder> make(const GzipDecoding& settings, ZlibStats& stats) {
    constexpr int kGzipFormat = 16;  // added to the window's bits
    auto decoder = std::make_unique<GzipDecoder>(settings, stats);
    decoder->ready_ = inflateInit2(&decoder->stream_, settings.window_bits + kGzipFormat) == Z_OK;
    return decoder->ready_ ? std::move(decoder) : nullptr;
  }
  GzipDecoder(const GzipDecoding& settings, ZlibStats& stats)
      : max_ratio_(settings.max_ratio), stats_(stats) {}
  ~GzipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }

  bool write(std::string_view piece, std::string& out) override {
    uint64_t limit = max_ratio_ * piece.size();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    while (!ended_) {
      size_t size = out.size();
      out.resize(size + kPieceOctets);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + size);
      stream_.avail_out = kPieceOctets;
      int result = inflate(&stream_, Z_NO_FLUSH);
      out.resize(out.size() - stream_.avail_out);
      if (result == Z_STREAM_END) {
        ended_ = true;  // what follows is no part of it
      } else if (result == Z_BUF_ERROR) {
        return true;  // it wants more
      } else if (result != Z_OK) {
        count(result);
        return false;
      }
      if (out.size() > limit) {
        stats_.zlib_data_error.inc();
        return false;
      }
      if (stream_.avail_in == 0 && stream_.avail_out > 0) break;
    }
    return true;
  }

 private:
  void count(int result) {
    switch (result) {
      case Z_ERRNO:
        stats_.zlib_errno.inc();
        break;
      case Z_STREAM_ERROR:
        stats_.zlib_stream_error.inc();
        break;
      case Z_MEM_ERROR:
        stats_.zlib_mem_error.inc();
        break;
      case Z_VERSION_ERROR:
        stats_.zlib_version_error.inc();
        break;
      default:
        stats_.zlib_data_error.inc();
    }
  }

  z_stream stream_{};
  uint64_t max_ratio_;
  ZlibStats& stats_;
  bool ready_ = false;
  bool ended_ = false;
};

class BrotliDecoder final : public Decoder {
 public:
  static std::unique_ptr<Decoder> make(const BrotliDecoding& settings, BrotliStats& stats) {
    auto decoder = std::make_unique<BrotliDecoder>(stats);
    decoder->state_ = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
    if (decoder->state_ == nullptr) return nullptr;
    BrotliDecoderSetParameter(decoder->state_,
                              BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION,
                              settings.fixed_ring_buffer ? 1 : 0);
    return decoder;
  }
  explicit BrotliDecoder(BrotliStats& stats) : stats_(stats) {}
  ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }

  bool write(std::string_view piece, std::string& out) override {
    uint64_t limit = kMaxRatio * piece.size();
    size_t left = piece.size();
    auto* next = reinterpret_cast<const uint8_t*>(piece.data());
    while (true) {
      size_t room = 0;  // the library keeps the output, and hands it over below
      BrotliDecoderResult result =
          BrotliDecoderDecompressStream(state_, &left, &next, &room, nullptr, nullptr);
      size_t size = 0;
      const uint8_t* octets = BrotliDecoderTakeOutput(state_, &size);
      out.append(reinterpret_cast<const char*>(octets), size);
      if (result == BROTLI_DECODER_RESULT_ERROR) {
        stats_.brotli_error.inc();
        return false;
      }
      if (out.size() > limit) {
        stats_.brotli_output_overflow_error.inc();
        return false;
      }
      if (result == BROTLI_DECODER_RESULT_SUCCESS && left > 0) {
        stats_.brotli_redundant_input.inc();
        return false;
      }
      if (BrotliDecoderHasMoreOutput(state_) == BROTLI_FALSE && left == 0) return true;
    }
  }

 private:
  BrotliDecoderState* state_ = nullptr;
  BrotliStats& stats_;
};

class ZstdDecoder final : public Decoder {
 public:
  static std::unique_ptr<Decoder> make(const ZstdDecoding& settings, ZstdStats& stats) {
    auto decoder = std::make_unique<ZstdDecoder>(settings, stats);
    decoder->stream_ = ZSTD_createDStream();
    if (decoder->stream_ == nullptr) return nullptr;
    ZSTD_DCtx_setParameter(decoder->stream_, ZSTD_d_windowLogMax, kZstdWindowLog);
    return decoder;
  }
  ZstdDecoder(const ZstdDecoding& settings, ZstdStats& stats)
      : settings_(settings), stats_(stats) {}
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  bool write(std::string_view piece, std::string& out) override {
    if (piece.empty()) return true;
    if (!std::exchange(begun_, true) && !use_dictionary(piece)) return false;
    uint64_t limit = std::max(kMaxRatio * piece.size(), kZstdFloor);
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    while (true) {
      size_t size = out.size();
      out.resize(size + kPieceOctets);
      ZSTD_outBuffer room{out.data() + size, kPieceOctets, 0};
      size_t result = ZSTD_decompressStream(stream_, &room, &in);
      out.resize(size + room.pos);
      if (ZSTD_isError(result) != 0) return count(result);
      if (out.size() > limit) {
        stats_.zstd_generic_error.inc();
        return false;
      }
      if (in.pos == in.size && room.pos < kPieceOctets) return true;
    }
  }

 private:
  // Which of the dictionaries, the frame's head says.
  bool use_dictionary(std::string_view piece) {
    if (settings_.dictionaries.empty()) return true;
    unsigned id = ZSTD_getDictID_fromFrame(piece.data(), piece.size());
    if (id == 0) return true;
    for (const std::string& dictionary : settings_.dictionaries) {
      if (ZSTD_getDictID_fromDict(dictionary.data(), dictionary.size()) != id) continue;
      size_t result = ZSTD_DCtx_loadDictionary(stream_, dictionary.data(), dictionary.size());
      return ZSTD_isError(result) == 0 || count(result);
    }
    stats_.zstd_dictionary_error.inc();
    return false;
  }

  // False.
  bool count(size_t result) {
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_memory_allocation:
        stats_.zstd_memory_error.inc();
        break;
      case ZSTD_error_dictionary_corrupted:
      case ZSTD_error_dictionary_wrong:
        stats_.zstd_dictionary_error.inc();
        break;
      case ZSTD_error_checksum_wrong:
        stats_.zstd_checksum_wrong_error.inc();
        break;
      default:
        stats_.zstd_generic_error.inc();
    }
    return false;
  }

  const ZstdDecoding& settings_;
  ZstdStats& stats_;
  ZSTD_DStream* stream_ = nullptr;
  bool begun_ = false;
};

struct MakeDecoder {
  StatsScope& errors;
  unsigned worker;

  std::unique_ptr<Decoder> operator()(const GzipDecoding& settings) const {
    return GzipDecoder::make(settings, errors.local<ZlibStats>(worker));
  }
  std::unique_ptr<Decoder> operator()(const BrotliDecoding& settings) const {
    return BrotliDecoder::make(settings, errors.local<BrotliStats>(worker));
  }
  std::unique_ptr<Decoder> operator()(const ZstdDecoding& settings) const {
    return ZstdDecoder::make(settings, errors.local<ZstdStats>(worker));
  }
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(const DecoderSettings& settings, StatsScope& errors,
                                      unsigned worker) {
  return std::visit(MakeDecoder{errors, worker}, settings);
}

StatsScopePtr make_decoder_stats(const DecoderSettings& settings, StatsRegistry& registry,
                                 std::string prefix, std::string extracted,
                                 std::vector<StatTag> tags) {
  if (std::holds_alternative<GzipDecoding>(settings)) {
    return registry.scope<ZlibStats>(std::move(prefix), std::move(extracted), std::move(tags));
  }
  if (std::holds_alternative<BrotliDecoding>(settings)) {
    return registry.scope<BrotliStats>(std::move(prefix), std::move(extracted), std::move(tags));
  }
  return registry.scope<ZstdStats>(std::move(prefix), std::move(extracted), std::move(tags));
}

std::string_view encoding_of(const DecoderSettings& settings) {
  constexpr std::string_view kEncodings[] = {"gzip", "br", "zstd"};
  return kEncodings[settings.index()];
}

std::string_view library_of(const DecoderSettings& settings) {
  constexpr std::string_view kLibraries[] = {"gzip", "brotli", "zstd"};
  return kLibraries[settings.index()];
}

}  // namespace outrigger::filters::decompressor
