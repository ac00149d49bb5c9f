#include <zlib.h>
#include <zstd.h>

#include "envoy/extensions/compression/brotli/decompressor/v3/brotli.pb.h"
#include "envoy/extensions/compression/gzip/decompressor/v3/gzip.pb.h"
#include "envoy/extensions/compression/zstd/decompressor/v3/zstd.pb.h"
#include "envoy/extensions/filters/http/decompressor/v3/decompressor.pb.h"

#include "test/unit/filters/fixture.h"
#include <brotli/encode.h>

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::decompressor::v3::Decompressor;

std::string config_of(const char* library, const std::string& more = "",
                      const std::string& options = "") {
  return more + R"( decompressor_library { name: "lib" typed_config {
      [type.googleapis.com/envoy.extensions.compression.)" +
         library + "] { " + options + " } } }";
}
constexpr char kGzip[] = "gzip.decompressor.v3.Gzip";
constexpr char kBrotli[] = "brotli.decompressor.v3.Brotli";
constexpr char kZstd[] = "zstd.decompressor.v3.Zstd";

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string brotli(const std::string& text) {
  size_t size = BrotliEncoderMaxCompressedSize(text.size());
  std::string out(size, '\0');
  BrotliEncoderCompress(5, 18, BROTLI_MODE_GENERIC, text.size(),
                        reinterpret_cast<const uint8_t*>(text.data()), &size,
                        reinterpret_cast<uint8_t*>(out.data()));
  out.resize(size);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string some_text() {
  std::string out;
  for (int i = 0; i < 2000; ++i) out += std::to_string(i * i) + " ";
  return out;
}

class DecompressorTest : public FilterTest {
 protected:
  HttpFilter& start(const std::string& config, const char* coding) {
    HttpFilter& filter = make<Decompressor>(config);
    http::HeaderMap& headers = context.make_response(
        {{":status", "200"}, {"content-encoding", coding}, {"content-length", "7"}});
    EXPECT_EQ(filter.on_response_headers(context, headers, false).kind(), Kind::next);
    return filter;
  }
  // The body that comes out when `octets` come in two pieces.
  std::string decode(const std::string& config, const char* coding, const std::string& octets,
                     size_t at) {
    HttpFilter& filter = start(config, coding);
    context.replaced.clear();
    filter.on_response_body(context, std::string_view(octets).substr(0, at), false);
    filter.on_response_body(context, std::string_view(octets).substr(at), true);
    std::string out;
    for (const std::string& piece : context.replaced) out += piece;
    return out;
  }
};

TEST_F(DecompressorTest, DecodesTheSameWhereverAPieceEnds) {
  std::string text = some_text();
  for (const auto& [library, coding, octets] :
       {std::tuple(kGzip, "gzip", gzip(text)), std::tuple(kBrotli, "br", brotli(text)),
        std::tuple(kZstd, "zstd", zstd(text))}) {
    for (size_t at = 0; at <= octets.size(); at += 1 + octets.size() / 40) {
      EXPECT_TRUE(decode(config_of(library), coding, octets, at) == text) << coding << " " << at;
    }
  }
}

TEST_F(DecompressorTest, SaysInHeadersAndTrailersWhatItDid) {
  std::string octets = gzip("hello");
  decode(config_of(kGzip), "gzip", octets, 3);
  EXPECT_EQ(context.response_headers()->find("content-encoding"), nullptr);
  EXPECT_EQ(context.response_headers()->find("content-length"), nullptr);
  EXPECT_EQ(context.add_response_trailers().size(), 0u);
  EXPECT_EQ(stat("http.ingress.decompressor.lib.gzip.response.decompressed"), 1);
  EXPECT_EQ(stat("http.ingress.decompressor.lib.gzip.response.total_uncompressed_bytes"), 5);
  EXPECT_EQ(stat("http.ingress.decompressor.lib.gzip.response.total_compressed_bytes"),
            static_cast<int64_t>(octets.size()));
  HttpFilter& filter = start(config_of(kGzip), "gzip");
  filter.on_response_body(context, octets, false);
  http::HeaderMap& trailers = context.make_trailers({});
  filter.on_response_trailers(context, trailers);
  EXPECT_EQ(trailers.get("x-envoy-decompressor-lib-uncompressed-bytes"), "5");
}

TEST_F(DecompressorTest, TakesOnlyTheFirstCodingAway) {
  start(config_of(kGzip), " GZIP , br");
  EXPECT_EQ(context.response_headers()->get("content-encoding"), "br");
  start(config_of(kGzip), "br, gzip");
  EXPECT_EQ(context.response_headers()->get("content-encoding"), "br, gzip");
}

TEST_F(DecompressorTest, StopsWhatBecomesTooMuch) {
  std::string zeros(20'000'000, '\0');
  std::string bomb = gzip(zeros);
  EXPECT_LT(decode(config_of(kGzip), "gzip", bomb, bomb.size()).size(), 101 * bomb.size() + 16384);
  EXPECT_EQ(stat("http.ingress.decompressor.lib.gzip.decompressor_library.zlib_data_error"), 1);
  EXPECT_EQ(
      decode(config_of(kGzip, "", "max_inflate_ratio { value: 1032 }"), "gzip", bomb, bomb.size())
          .size(),
      zeros.size());
  bomb = brotli(zeros);
  EXPECT_LT(decode(config_of(kBrotli), "br", bomb, bomb.size()).size(), 20'000'000u);
  EXPECT_EQ(
      stat(
          "http.ingress.decompressor.lib.brotli.decompressor_library.brotli_output_overflow_error"),
      1);
  bomb = zstd(zeros);
  EXPECT_LT(decode(config_of(kZstd), "zstd", bomb, bomb.size()).size(), 2'000'000u);
  EXPECT_EQ(stat("http.ingress.decompressor.lib.zstd.decompressor_library.zstd_generic_error"), 1);
}

TEST_F(DecompressorTest, EndsABodyThatIsWrong) {
  EXPECT_EQ(decode(config_of(kGzip), "gzip", "no gzip at all", 5), "");
  EXPECT_EQ(stat("http.ingress.decompressor.lib.gzip.decompressor_library.zlib_data_error"), 1);
  EXPECT_EQ(decode(config_of(kBrotli), "br", std::string(20, '\xff'), 5), "");
  EXPECT_EQ(stat("http.ingress.decompressor.lib.brotli.decompressor_library.brotli_error"), 1);
  EXPECT_EQ(decode(config_of(kZstd), "zstd", "no zstd at all", 5), "");
  EXPECT_EQ(stat("http.ingress.decompressor.lib.zstd.decompressor_library.zstd_generic_error"), 1);
}

TEST_F(DecompressorTest, AdvertisesItsCodingOnce) {
  for (const auto& [before, after] :
       {std::pair("", "gzip"), std::pair("br", "br,gzip"), std::pair("gzip;q=0.3, br", "br,gzip"),
        std::pair("gzip", "gzip")}) {
    HttpFilter& filter = make<Decompressor>(config_of(kGzip));
    http::HeaderMap& headers = context.make_request({{"accept-encoding", before}});
    filter.on_request_headers(context, headers, true);
    EXPECT_EQ(headers.get("accept-encoding"), after);
  }
  HttpFilter& quiet = make<Decompressor>(
      config_of(kGzip, "request_direction_config { advertise_accept_encoding { value: false } }"));
  http::HeaderMap& headers = context.make_request({{"accept-encoding", "br"}});
  quiet.on_request_headers(context, headers, true);
  EXPECT_EQ(headers.get("accept-encoding"), "br");
}

TEST_F(DecompressorTest, LeavesAloneWhatMustNotBeTransformed) {
  for (bool ignored : {false, true}) {
    HttpFilter& filter =
        make<Decompressor>(config_of(kGzip, ignored ? "request_direction_config { common_config { "
                                                      "ignore_no_transform_header: true } }"
                                                    : ""));
    http::HeaderMap& headers = context.make_request(
        {{"content-encoding", "gzip"}, {"cache-control", "private, no-transform"}});
    filter.on_request_headers(context, headers, false);
    EXPECT_EQ(headers.find("content-encoding") == nullptr, ignored);
  }
}

TEST_F(DecompressorTest, IsSwitchedByItsRuntimeKey) {
  context.runtime["dec"] = 0;
  start(config_of(kGzip,
                  "response_direction_config { common_config { enabled { default_value { "
                  "value: true } runtime_key: \"dec\" } } }"),
        "gzip");
  EXPECT_EQ(context.response_headers()->get("content-encoding"), "gzip");
  EXPECT_EQ(stat("http.ingress.decompressor.lib.gzip.response.not_decompressed"), 1);
}

}  // namespace
}  // namespace outrigger::filters::test
