// Bodies are compressed for who takes them so, piece by piece.
#include <zlib.h>

#include "envoy/extensions/filters/http/compressor/v3/compressor.pb.h"

#include "filters/http/compressor/encoder.h"
#include "filters/http/compressor/negotiation.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using compressor::Choice;
using compressor::choose_encoding;
using envoy::extensions::filters::http::compressor::v3::Compressor;
using envoy::extensions::filters::http::compressor::v3::CompressorPerRoute;

std::string gunzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(CompressorChoice, IsTheClients) {
  const std::string_view all[] = {"gzip", "br", "zstd"};
  auto choose = [&](std::string_view accepted) { return choose_encoding(accepted, all); };
  EXPECT_EQ(choose("gzip").encoding, "gzip");
  EXPECT_EQ(choose("gzip, br").encoding, "gzip");
  EXPECT_EQ(choose("br;q=0.5, gzip;q=0.6, zstd; Q = 0.7").encoding, "zstd");
  EXPECT_EQ(choose("*").encoding, "gzip");
  EXPECT_EQ(choose("*").choice, Choice::wildcard);
  EXPECT_EQ(choose("*;q=0.1, gzip;q=0").encoding, "br");
  EXPECT_EQ(choose("br;q=1.0, *;q=0.1").encoding, "br");
  EXPECT_EQ(choose("identity;q=1, gzip;q=0.5").choice, Choice::identity);
  EXPECT_EQ(choose("gzip,identity").encoding, "gzip");
  EXPECT_EQ(choose("x;q=bad, gzip").encoding, "gzip");
  for (std::string_view none : {"", ",", "deflate", "gzip;q=0", "GZIP", "gzip;q=bad"}) {
    EXPECT_EQ(choose(none).choice, Choice::not_valid) << none;
  }
}

TEST(CompressorChoice, PrefersTheFirstAmongEquals) {
  const std::string_view all[] = {"gzip", "br", "zstd"};
  EXPECT_EQ(choose_encoding("gzip, br", all, "br").encoding, "br");
  EXPECT_EQ(choose_encoding("gzip;q=0.5, br;q=0.5, zstd", all, "br").encoding, "zstd");
  EXPECT_EQ(choose_encoding("gzip", all, "br").encoding, "gzip");
}

TEST(CompressorEncoder, EveryPieceCanBeDecodedAtOnce) {
  using namespace compressor;
  for (const EncoderSettings& settings :
       {EncoderSettings(GzipSettings()), EncoderSettings(BrotliSettings()),
        EncoderSettings(ZstdSettings())}) {
    auto encoder = make_encoder(settings);
    ASSERT_NE(encoder, nullptr);
    std::string first, second;
    EXPECT_TRUE(encoder->write("some text", false, first));
    EXPECT_FALSE(first.empty());
    EXPECT_TRUE(encoder->write(std::string(100'000, 'a'), false, second));
    EXPECT_TRUE(encoder->write("", true, second));
    EXPECT_LT(second.size(), 2'000u);
  }
}

class CompressorTest : public FilterTest {
 protected:
  static std::string config(const std::string& library = "gzip.compressor.v3.Gzip",
                            const std::string& response = "") {
    return "compressor_library { name: 'lib' typed_config { [type.googleapis.com/"
           "envoy.extensions.compression." +
           library + "] {} } } response_direction_config { " + response + " } ";
  }
  HttpFilter& request(const std::string& text, const std::string& accepted,
                      const Headers& more = {}) {
    Headers headers{{":method", "GET"}, {":path", "/"}};
    if (!accepted.empty()) headers.emplace_back("accept-encoding", accepted);
    headers.insert(headers.end(), more.begin(), more.end());
    HttpFilter& filter = make<Compressor>(text);
    filter.on_request_headers(context, context.make_request(headers), true);
    return filter;
  }
  http::HeaderMap& response(HttpFilter& filter, const Headers& more = {}) {
    Headers headers{{":status", "200"}, {"content-type", "text/plain; charset=x"}};
    headers.insert(headers.end(), more.begin(), more.end());
    http::HeaderMap& map = context.make_response(headers);
    filter.on_response_headers(context, map, false);
    return map;
  }
  bool compresses(const std::string& text, const Headers& more = {}) {
    return response(request(text, "gzip"), more).get("content-encoding") == "gzip";
  }
};

TEST_F(CompressorTest, CompressesAResponse) {
  HttpFilter& filter = request(config(), "gzip");
  http::HeaderMap& headers =
      response(filter, {{"content-length", "2000"}, {"etag", "\"a\""}, {"vary", "x"}});
  EXPECT_EQ(headers.get("content-encoding"), "gzip");
  EXPECT_EQ(headers.get("vary"), "x, Accept-Encoding");
  EXPECT_EQ(headers.find("content-length"), nullptr);
  EXPECT_EQ(headers.find("etag"), nullptr);
  filter.on_response_body(context, std::string(1000, 'a'), false);
  filter.on_response_body(context, std::string(1000, 'b'), true);
  ASSERT_EQ(context.replaced.size(), 2u);
  EXPECT_EQ(gunzip(context.replaced[0] + context.replaced[1]),
            std::string(1000, 'a') + std::string(1000, 'b'));
  EXPECT_EQ(stat("http.ingress.compressor.lib.gzip.header_compressor_used"), 1);
  EXPECT_EQ(stat("http.ingress.compressor.lib.gzip.response.compressed"), 1);
  EXPECT_EQ(stat("http.ingress.compressor.lib.gzip.response.total_uncompressed_bytes"), 2000);
}

TEST_F(CompressorTest, EndsBeforeTrailers) {
  HttpFilter& filter = request(config(), "gzip");
  response(filter);
  filter.on_response_body(context, "abc", false);
  filter.on_response_trailers(context, context.make_trailers({{"x", "1"}}));
  ASSERT_EQ(context.replaced.size(), 2u);
  EXPECT_EQ(gunzip(context.replaced[0] + context.replaced[1]), "abc");
}

TEST_F(CompressorTest, LeavesAloneWhatNeedNotBeCompressed) {
  EXPECT_TRUE(compresses(config()));
  EXPECT_FALSE(compresses(config(), {{"content-length", "29"}}));
  EXPECT_TRUE(compresses(config(), {{"content-length", "30"}}));
  EXPECT_FALSE(compresses(config(), {{"content-encoding", "br"}}));
  EXPECT_FALSE(compresses(config(), {{"cache-control", "private, no-transform"}}));
  EXPECT_FALSE(compresses(config("gzip.compressor.v3.Gzip", "disable_on_etag_header: true"),
                          {{"etag", "\"a\""}}));
  EXPECT_FALSE(compresses(config("gzip.compressor.v3.Gzip", "uncompressible_response_codes: 200")));
  EXPECT_FALSE(
      compresses(config("gzip.compressor.v3.Gzip", "common_config { content_type: 'text/html' }")));
  EXPECT_FALSE(compresses(
      config("gzip.compressor.v3.Gzip", "common_config { enabled { default_value {} } }")));
  context.levels = {route_config<CompressorPerRoute>("disabled: true")};
  EXPECT_FALSE(compresses(config()));
}

TEST_F(CompressorTest, AWeakValidatorStays) {
  EXPECT_EQ(response(request(config(), "gzip"), {{"etag", "W/\"a\""}}).get("etag"), "W/\"a\"");
}

TEST_F(CompressorTest, TheClientChoosesOneOfTheChain) {
  HttpFilter& gzip = request(config(), "gzip;q=0.5, br");
  HttpFilter& brotli = make<Compressor>(config("brotli.compressor.v3.Brotli"));
  brotli.on_request_headers(context, context.request_headers(), true);
  http::HeaderMap& headers = response(brotli);
  gzip.on_response_headers(context, headers, false);
  EXPECT_EQ(headers.get("content-encoding"), "br");
  EXPECT_EQ(headers.count("content-encoding"), 1u);
}

TEST_F(CompressorTest, TellsCachesWhatItCouldHaveDone) {
  http::HeaderMap& headers = response(request(config(), ""));
  EXPECT_EQ(headers.find("content-encoding"), nullptr);
  EXPECT_EQ(headers.get("vary"), "Accept-Encoding");
  EXPECT_EQ(stat("http.ingress.compressor.lib.gzip.no_accept_header"), 1);
}

TEST_F(CompressorTest, CompressesRequestsWhereItIsAsked) {
  HttpFilter& filter = make<Compressor>(config() +
                                        "request_direction_config { common_config { enabled { "
                                        "default_value { value: true } } } }");
  http::HeaderMap& headers = context.make_request({{":method", "POST"},
                                                   {"content-type", "text/plain"},
                                                   {"content-length", "100"},
                                                   {"accept-encoding", "gzip"}});
  filter.on_request_headers(context, headers, false);
  EXPECT_EQ(headers.get("content-encoding"), "gzip");
  filter.on_request_body(context, std::string(100, 'a'), true);
  EXPECT_EQ(gunzip(context.replaced.at(0)), std::string(100, 'a'));
}

TEST_F(CompressorTest, TheUpstreamNeedNotKnow) {
  request(config("gzip.compressor.v3.Gzip", "remove_accept_encoding_header: true"), "gzip");
  EXPECT_EQ(context.request_headers().find("accept-encoding"), nullptr);
}

TEST_F(CompressorTest, SaysWhatBecameOfAResponse) {
  const std::string text = config(
      "gzip.compressor.v3.Gzip",
      "status_header_enabled: true disable_on_etag_header: true uncompressible_response_codes: 206 "
      "common_config { min_content_length { value: 50 } content_type: 'text/plain' }");
  auto status = [&](const Headers& more, const std::string& accepted = "gzip") {
    return std::string(response(request(text, accepted), more).get("x-envoy-compression-status"));
  };
  EXPECT_EQ(status({{"content-length", "60"}}), "gzip;Compressed;OriginalLength=60");
  EXPECT_EQ(status({}), "gzip;Compressed;OriginalLength=");
  EXPECT_EQ(status({{"content-length", "6"}, {"etag", "a"}}), "gzip;ContentLengthTooSmall");
  EXPECT_EQ(status({{"etag", "a"}}), "gzip;EtagNotAllowed");
  EXPECT_EQ(status({{"cache-control", "no-transform"}}), "");
  EXPECT_EQ(status({{"content-encoding", "own"}}), "");
  EXPECT_EQ(status({}, "br"), "");
  EXPECT_EQ(status({{"etag", "a"}}, "br"), "gzip;EtagNotAllowed");
}

TEST_F(CompressorTest, AnotherLibraryIsRefused) {
  EXPECT_THAT(std::string(try_compile<Compressor>("compressor_library { typed_config { type_url: "
                                                  "'type.googleapis.com/x' } }")
                              .status()
                              .message()),
              testing::HasSubstr("the type 'type.googleapis.com/x' is not supported"));
}

}  // namespace
}  // namespace outrigger::filters::test
