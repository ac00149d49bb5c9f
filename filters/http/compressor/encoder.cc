#include "filters/http/compressor/encoder.h"

#include <zlib.h>
#include <zstd.h>

#include <brotli/encode.h>

namespace outrigger::filters::compressor {
namespace {

// Output is taken in pieces of this size; it is much smaller than the input as a rule.
constexpr size_t kPieceOctets = 4096;

class GzipEncoder final : public Encoder {
 public:
  static std::unique_ptr<Encoder> make(const GzipSettings& settings) {
    auto encoder = std::make_unique<GzipEncoder>();
    constexpr int kGzipFormat = 16;  // added to the window's bits
    encoder->ready_ = deflateInit2(&encoder->stream_, settings.level, Z_DEFLATED,
                                   settings.window_bits + kGzipFormat, settings.memory_level,
                                   settings.strategy) == Z_OK;
    return encoder->ready_ ? std::move(encoder) : nullptr;
  }
  ~GzipEncoder() override {
    if (ready_) deflateEnd(&stream_);
  }

  bool write(std::string_view piece, bool last, std::string& out) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream_.avail_in = static_cast<uInt>(piece.size());
    do {
      size_t size = out.size();
      out.resize(size + kPieceOctets);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + size);
      stream_.avail_out = kPieceOctets;
      int result = deflate(&stream_, last ? Z_FINISH : Z_SYNC_FLUSH);
      out.resize(out.size() - stream_.avail_out);
      // Nothing left to flush is no error.
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return false;
    } while (stream_.avail_out == 0);
    return stream_.avail_in == 0;
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

class BrotliEncoder final : public Encoder {
 public:
  static std::unique_ptr<Encoder> make(const BrotliSettings& settings) {
    auto encoder = std::make_unique<BrotliEncoder>();
    encoder->state_ = BrotliEncoderCreateInstance(nullptr, nullptr, nullptr);
    if (encoder->state_ == nullptr) return nullptr;
    auto set = [&](BrotliEncoderParameter parameter, uint32_t value) {
      BrotliEncoderSetParameter(encoder->state_, parameter, value);
    };
    set(BROTLI_PARAM_QUALITY, settings.quality);
    set(BROTLI_PARAM_MODE, settings.mode);
    set(BROTLI_PARAM_LGWIN, settings.window_bits);
    set(BROTLI_PARAM_LGBLOCK, settings.input_block_bits);
    set(BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING, settings.no_literal_context ? 1 : 0);
    return encoder;
  }
  ~BrotliEncoder() override { BrotliEncoderDestroyInstance(state_); }

  bool write(std::string_view piece, bool last, std::string& out) override {
    size_t left = piece.size();
    auto* next = reinterpret_cast<const uint8_t*>(piece.data());
    do {
      size_t room = 0;  // the library keeps the output, and hands it over below
      if (BrotliEncoderCompressStream(state_,
                                      last ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_FLUSH,
                                      &left, &next, &room, nullptr, nullptr) == BROTLI_FALSE) {
        return false;
      }
      size_t size = 0;
      const uint8_t* octets = BrotliEncoderTakeOutput(state_, &size);
      out.append(reinterpret_cast<const char*>(octets), size);
    } while (left > 0 || BrotliEncoderHasMoreOutput(state_) == BROTLI_TRUE);
    return true;
  }

 private:
  BrotliEncoderState* state_ = nullptr;
};

class ZstdEncoder final : public Encoder {
 public:
  static std::unique_ptr<Encoder> make(const ZstdSettings& settings) {
    auto encoder = std::make_unique<ZstdEncoder>();
    encoder->context_ = ZSTD_createCCtx();
    if (encoder->context_ == nullptr) return nullptr;
    ZSTD_CCtx_setParameter(encoder->context_, ZSTD_c_compressionLevel, settings.level);
    ZSTD_CCtx_setParameter(encoder->context_, ZSTD_c_checksumFlag, settings.checksum ? 1 : 0);
    if (settings.strategy != 0) {
      ZSTD_CCtx_setParameter(encoder->context_, ZSTD_c_strategy, settings.strategy);
    }
    return encoder;
  }
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }

  bool write(std::string_view piece, bool last, std::string& out) override {
    ZSTD_inBuffer input{piece.data(), piece.size(), 0};
    size_t left = 0;
    do {
      size_t size = out.size();
      out.resize(size + kPieceOctets);
      ZSTD_outBuffer output{out.data() + size, kPieceOctets, 0};
      left = ZSTD_compressStream2(context_, &output, &input, last ? ZSTD_e_end : ZSTD_e_flush);
      out.resize(size + output.pos);
      if (ZSTD_isError(left) != 0) return false;
    } while (left != 0);
    return true;
  }

 private:
  ZSTD_CCtx* context_ = nullptr;
};

struct Maker {
  std::unique_ptr<Encoder> operator()(const GzipSettings& settings) const {
    return GzipEncoder::make(settings);
  }
  std::unique_ptr<Encoder> operator()(const BrotliSettings& settings) const {
    return BrotliEncoder::make(settings);
  }
  std::unique_ptr<Encoder> operator()(const ZstdSettings& settings) const {
    return ZstdEncoder::make(settings);
  }
};

}  // namespace

std::unique_ptr<Encoder> make_encoder(const EncoderSettings& settings) {
  return std::visit(Maker(), settings);
}

std::string_view encoding_name(const EncoderSettings& settings) {
  constexpr std::string_view kNames[] = {"gzip", "br", "zstd"};
  return kNames[settings.index()];
}

}  // namespace outrigger::filters::compressor
