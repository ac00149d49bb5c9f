#include "envoy/extensions/filters/http/grpc_http1_bridge/v3/config.pb.h"
#include "envoy/extensions/filters/http/grpc_web/v3/grpc_web.pb.h"

#include "filters/http/grpc_web/base64_stream.h"
#include "test/unit/filters/fixture.h"

namespace outrigger::filters::test {
namespace {

using envoy::extensions::filters::http::grpc_web::v3::GrpcWeb;
using Bridge = envoy::extensions::filters::http::grpc_http1_bridge::v3::Config;
using namespace std::string_literals;

std::string encode_whole(std::string_view octets) {
  grpc_web::Base64Encoder encoder;
  std::string out;
  encoder.write(octets, out);
  encoder.finish(out);
  return out;
}

TEST(Base64Stream, EncodesTheSameWhereverAPieceEnds) {
  EXPECT_EQ(encode_whole(""), "");
  EXPECT_EQ(encode_whole("a"), "YQ==");
  EXPECT_EQ(encode_whole("ab"), "YWI=");
  std::string whole = "any octets, \0\xff\x80 too"s;
  for (size_t at = 0; at <= whole.size(); ++at) {
    grpc_web::Base64Encoder encoder;
    std::string out;
    encoder.write(std::string_view(whole).substr(0, at), out);
    encoder.write(std::string_view(whole).substr(at), out);
    encoder.finish(out);
    EXPECT_EQ(out, encode_whole(whole));
  }
}

TEST(Base64Stream, DecodesTheSameWhereverAPieceEnds) {
  std::string text = encode_whole("first") + encode_whole("second one") + encode_whole("abc");
  for (size_t at = 0; at <= text.size(); ++at) {
    grpc_web::Base64Decoder decoder;
    std::string out;
    EXPECT_TRUE(decoder.write(std::string_view(text).substr(0, at), out));
    EXPECT_TRUE(decoder.write(std::string_view(text).substr(at), out));
    EXPECT_TRUE(decoder.complete());
    EXPECT_EQ(out, "firstsecond oneabc");
  }
}

TEST(Base64Stream, RefusesWhatIsNotBase64) {
  for (const char* wrong : {"!!!!", "A===", "====", "AA=A", "AB==", "AAB=", "AA A"}) {
    grpc_web::Base64Decoder decoder;
    std::string out;
    EXPECT_FALSE(decoder.write(wrong, out)) << wrong;
  }
}

class GrpcWebTest : public FilterTest {
 protected:
  GrpcWebTest() { context.cluster_configs["backend"]; }
  HttpFilter& start(const char* type, const char* accept) {
    HttpFilter& filter = make<GrpcWeb>("");
    filter.on_request_headers(context,
                              context.make_request({{":path", "/s.S/M"},
                                                    {"content-type", type},
                                                    {"accept", accept},
                                                    {"content-length", "4"}}),
                              false);
    return filter;
  }
};

TEST_F(GrpcWebTest, MakesAGrpcRequest) {
  start("application/grpc-web+proto", "");
  EXPECT_EQ(context.request_headers().get("content-type"), "application/grpc");
  EXPECT_EQ(context.request_headers().get("te"), "trailers");
  EXPECT_EQ(context.request_headers().find("content-length"), nullptr);
}

TEST_F(GrpcWebTest, LeavesOtherRequestsAlone) {
  HttpFilter& filter = start("application/json", "");
  EXPECT_EQ(context.request_headers().get("content-type"), "application/json");
  EXPECT_EQ(filter.on_request_body(context, "AAAA", true).kind(), Kind::next);
  EXPECT_TRUE(context.replaced.empty());
}

TEST_F(GrpcWebTest, DecodesTextAndRefusesHalfAGroup) {
  HttpFilter& filter = start("application/grpc-web-text", "");
  EXPECT_EQ(filter.on_request_body(context, "YWJjZ", false).kind(), Kind::next);
  EXPECT_EQ(context.replaced.back(), "abc");
  Verdict verdict = filter.on_request_body(context, "A", true);
  ASSERT_EQ(verdict.kind(), Kind::reply);
  EXPECT_EQ(verdict.local_reply().outcome.details, "grpc_base_64_decode_failed_bad_size");
}

TEST_F(GrpcWebTest, EncodesEachFrameForItselfWhereverPiecesEnd) {
  std::string frames =
      "\0\0\0\0\x02hi\0\0\0\0\0\0\0\0\0\x04"
      "done"s;
  std::string wanted = encode_whole("\0\0\0\0\x02hi"s) + encode_whole("\0\0\0\0\0"s) +
                       encode_whole(
                           "\0\0\0\0\x04"
                           "done"s);
  for (size_t at = 0; at <= frames.size(); ++at) {
    HttpFilter& filter = start("application/grpc-web-text", "application/grpc-web-text");
    http::HeaderMap& headers =
        context.make_response({{":status", "200"}, {"content-type", "application/grpc"}});
    EXPECT_EQ(filter.on_response_headers(context, headers, false).kind(), Kind::next);
    context.replaced.clear();
    filter.on_response_body(context, std::string_view(frames).substr(0, at), false);
    filter.on_response_body(context, std::string_view(frames).substr(at), false);
    EXPECT_EQ(context.replaced[0] + context.replaced[1], wanted);
  }
}

TEST_F(GrpcWebTest, PutsTrailersIntoTheBody) {
  HttpFilter& filter = start("application/grpc-web", "");
  filter.on_response_headers(
      context, context.make_response({{":status", "200"}, {"content-type", "application/grpc"}}),
      false);
  http::HeaderMap& trailers = context.make_trailers({{"grpc-status", "0"}, {"x", "y"}});
  filter.on_response_trailers(context, trailers);
  EXPECT_EQ(context.replaced.back(), "\x80\0\0\0\x14grpc-status:0\r\nx:y\r\n"s);
  EXPECT_TRUE(trailers.empty());
  EXPECT_EQ(stat("cluster.backend.grpc-web.s.S.M.success"), 1);
}

TEST_F(GrpcWebTest, MakesAStatusOfAnythingElseAndKeepsLittleOfIt) {
  HttpFilter& filter = start("application/grpc-web", "");
  http::HeaderMap& headers =
      context.make_response({{":status", "502"}, {"content-type", "text/html"}});
  EXPECT_EQ(filter.on_response_headers(context, headers, false).kind(), Kind::hold);
  std::string large(20'000, 'a');
  EXPECT_EQ(filter.on_response_body(context, large, false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_response_body(context, large, true).kind(), Kind::next);
  EXPECT_EQ(headers.get("grpc-status"), "14");
  EXPECT_EQ(headers.get("grpc-message"), std::string(16 * 1024, 'a'));
  EXPECT_EQ(headers.get("content-length"), "0");
  for (const std::string& piece : context.replaced) EXPECT_EQ(piece, "");
}

class GrpcBridgeTest : public FilterTest {
 protected:
  HttpFilter& start(const std::string& config, const Headers& headers, bool end_stream,
                    http::Protocol protocol = http::Protocol::http11) {
    context.info().protocol = protocol;
    HttpFilter& filter = make<Bridge>(config);
    kind_ = filter.on_request_headers(context, context.make_request(headers), end_stream).kind();
    return filter;
  }
  Kind kind_ = Kind::next;
};

TEST_F(GrpcBridgeTest, SaysInTheHeadWhatTrailersSay) {
  HttpFilter& filter = start("", {{"content-type", "application/grpc"}}, true);
  http::HeaderMap& headers = context.make_response({{":status", "200"}});
  EXPECT_EQ(filter.on_response_headers(context, headers, false).kind(), Kind::hold);
  EXPECT_EQ(filter.on_response_body(context, "12345", false).kind(), Kind::hold);
  filter.on_response_trailers(
      context, context.make_trailers({{"grpc-status", "7"}, {"grpc-message", "no"}}));
  EXPECT_EQ(headers.get(":status"), "503");
  EXPECT_EQ(headers.get("grpc-status"), "7");
  EXPECT_EQ(headers.get("grpc-message"), "no");
  EXPECT_EQ(headers.get("content-length"), "5");
}

TEST_F(GrpcBridgeTest, LeavesHttp2ClientsAlone) {
  HttpFilter& filter =
      start("", {{"content-type", "application/grpc"}}, true, http::Protocol::http2);
  http::HeaderMap& headers = context.make_response({{":status", "200"}});
  EXPECT_EQ(filter.on_response_headers(context, headers, false).kind(), Kind::next);
}

TEST_F(GrpcBridgeTest, FramesARequestOfKnownLengthAsItComes) {
  HttpFilter& filter =
      start("upgrade_protobuf_to_grpc: true",
            {{"content-type", "application/x-protobuf"}, {"content-length", "300"}}, false);
  EXPECT_EQ(kind_, Kind::next);
  EXPECT_EQ(context.request_headers().get("content-type"), "application/grpc");
  EXPECT_EQ(filter.on_request_body(context, "abc", false).kind(), Kind::next);
  EXPECT_EQ(context.replaced, (std::vector<std::string>{"\0\0\0\x01\x2c"
                                                        "abc"s}));
  EXPECT_EQ(filter.on_request_body(context, "d", false).kind(), Kind::next);
  EXPECT_EQ(context.replaced.size(), 1u);
  EXPECT_EQ(context.routes_cleared, 1u);
}

TEST_F(GrpcBridgeTest, HoldsARequestOfUnknownLength) {
  HttpFilter& filter =
      start("upgrade_protobuf_to_grpc: true", {{"content-type", "application/x-protobuf"}}, false);
  EXPECT_EQ(kind_, Kind::hold);
  EXPECT_EQ(filter.on_request_body(context, "abc", false).kind(), Kind::hold);
  context.held_request = "abc";
  EXPECT_EQ(filter.on_request_body(context, "de", true).kind(), Kind::next);
  EXPECT_EQ(context.replaced.back(),
            "\0\0\0\0\x05"
            "abcde"s);
}

TEST_F(GrpcBridgeTest, TakesTheFrameFromTheAnswerWhereverItsHeadEnds) {
  HttpFilter& filter =
      start("upgrade_protobuf_to_grpc: true", {{"content-type", "application/x-protobuf"}}, true);
  filter.on_response_headers(
      context, context.make_response({{":status", "200"}, {"content-type", "application/grpc"}}),
      false);
  filter.on_response_body(context, "\0\0\0"s, false);
  filter.on_response_body(context,
                          "\0\x03"
                          "ab"s,
                          false);
  filter.on_response_body(context, "c", false);
  EXPECT_EQ(context.replaced, (std::vector<std::string>{"", "ab"}));
  filter.on_response_trailers(context, context.make_trailers({{"grpc-status", "0"}}));
  EXPECT_EQ(context.response_headers()->get("content-length"), "3");
}

}  // namespace
}  // namespace outrigger::filters::test
