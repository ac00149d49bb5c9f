// What the server codec refuses, with which answer, and that it does so however the octets arrive.
#include <gtest/gtest.h>

#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

struct Refusal {
  const char* name;
  std::string_view request;
  std::string_view answer;  // "status detail"
};

using std::string_view_literals::operator""sv;

#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

const Refusal kRefusals[] = {
    {"UnknownMethod", "FOO / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"LowerCaseMethod", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"MethodPrefix", "GE / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"NoSpaceAfterMethod", "GET/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"TwoSpaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"TwoSpacesBeforeVersion", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"TabInRequestLine", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"SpaceAfterVersion", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"HighOctetInTarget", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"ControlInTarget", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_characters"},
    {"DelInTarget", "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_characters"},
    {"NoVersion", "GET /\r\n\r\n", "426 low_version"},
    {"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"LongVersion", "GET / HTTP/1.11\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"Http10", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "426 low_version"},
    {"Http12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "426 low_version"},
    {"Http20", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "426 low_version"},
    {"RelativeTarget", "GET foo HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.codec_error"},
    {"AsteriskOfGet", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"AsteriskAndMore", "OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"OtherScheme", "GET ftp://x/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_scheme"},
    {"UserInTarget", "GET http://u:p@x/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"NoAuthorityInTarget", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"ConnectWithoutPort", "CONNECT x HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"ConnectWithPath", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"ConnectToHighPort", "CONNECT x:65536 HTTP/1.1\r\nHost: a\r\n\r\n", "400 http1.invalid_url"},
    {"ConnectWithLength", "CONNECT x:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
     "400 http1.body_disallowed"},
    {"ConnectChunked", "CONNECT x:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     "501 http1.invalid_transfer_encoding"},

    {"NoHost", "GET / HTTP/1.1\r\n\r\n", "400 missing_host_header"},
    {"NoHostWithAbsoluteForm", "GET http://x/ HTTP/1.1\r\n\r\n", "400 missing_host_header"},
    {"TwoHosts", GET "Host: b\r\n\r\n", "400 http.invalid_authority"},
    {"TwoEqualHosts", GET "Host: a\r\n\r\n", "400 http.invalid_authority"},
    {"JoinedHosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400 http.invalid_authority"},
    {"SlashInHost", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 http.invalid_authority"},
    {"UserInHost", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400 http.invalid_authority"},
    {"BadHostBesideAbsoluteForm", "GET http://x/ HTTP/1.1\r\nHost: a b\r\n\r\n",
     "400 http.invalid_authority"},

    {"BareLineFeeds", "GET / HTTP/1.1\nHost: a\n\n", "400 http1.codec_error"},
    {"BareLineFeedInFields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "400 http1.codec_error"},
    {"BareLineFeedAtTheEnd", "GET / HTTP/1.1\r\nHost: a\r\n\n", "400 http1.codec_error"},
    {"BareReturnInValue", GET "X: a\rb\r\n\r\n", "400 http1.codec_error"},
    {"BareReturnInName", GET "X\rY: b\r\n\r\n", "400 http1.codec_error"},
    {"BareReturnBeforeALine", GET "\rX: b\r\n\r\n", "400 http1.codec_error"},
    {"ReturnsBeforeTheLineFeed", GET "X: b\r\r\n\r\n", "400 http1.codec_error"},
    {"NulInValue", GET "X: a\0b\r\n\r\n"sv, "400 http1.invalid_characters"},
    {"NulInName", GET "X\0: b\r\n\r\n"sv, "400 http1.invalid_characters"},
    {"ControlInValue", GET "X: a\x01\r\n\r\n", "400 http1.invalid_characters"},
    {"DelInValue", GET "X: a\x7f\r\n\r\n", "400 http1.invalid_characters"},
    {"SpaceBeforeColon", GET "X : b\r\n\r\n", "400 http1.codec_error"},
    {"TabBeforeColon", GET "X\t: b\r\n\r\n", "400 http1.codec_error"},
    {"SpaceBeforeLengthColon", GET "Content-Length : 1\r\n\r\n", "400 http1.codec_error"},
    {"Fold", GET "X: 1\r\n 2\r\n\r\n", "400 http1.codec_error"},
    {"FoldByTab", GET "X: 1\r\n\t2\r\n\r\n", "400 http1.codec_error"},
    {"FoldBeforeTheFirstField", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400 http1.codec_error"},
    {"EmptyName", GET ": b\r\n\r\n", "400 http1.codec_error"},
    {"PseudoName", GET ":path: /b\r\n\r\n", "400 http1.codec_error"},
    {"NoColon", GET "X b\r\n\r\n", "400 http1.codec_error"},
    {"SeparatorInName", GET "X(: b\r\n\r\n", "400 http1.codec_error"},
    {"HighOctetInName", GET "X\xc3\xa9: b\r\n\r\n", "400 http1.codec_error"},

    {"ConnectionOptionNoToken", GET "Connection: close, a b\r\n\r\n",
     "400 http1.connection_header_rejected"},
    {"TwoLengths", GET "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", "400 http1.codec_error"},
    {"TwoEqualLengths", GET "Content-Length: 2\r\nContent-Length: 2\r\n\r\n",
     "400 http1.codec_error"},
    {"JoinedLengths", GET "Content-Length: 2, 2\r\n\r\n", "400 http1.codec_error"},
    {"SignedLength", GET "Content-Length: +2\r\n\r\n", "400 http1.codec_error"},
    {"NegativeLength", GET "Content-Length: -2\r\n\r\n", "400 http1.codec_error"},
    {"HexadecimalLength", GET "Content-Length: 0x2\r\n\r\n", "400 http1.codec_error"},
    {"EmptyLength", GET "Content-Length:\r\n\r\n", "400 http1.codec_error"},
    {"SplitLength", GET "Content-Length: 1 2\r\n\r\n", "400 http1.codec_error"},
    {"HugeLength", GET "Content-Length: 99999999999999999999\r\n\r\n", "400 http1.codec_error"},
    {"LengthAndChunked", GET "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     "400 http1.content_length_and_chunked_not_allowed"},
    {"ChunkedAndLength", GET "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
     "400 http1.content_length_and_chunked_not_allowed"},
    {"UnknownCoding", GET "Transfer-Encoding: gzip\r\n\r\n", "501 http1.invalid_transfer_encoding"},
    {"CodingBeforeChunked", GET "Transfer-Encoding: gzip, chunked\r\n\r\n",
     "501 http1.invalid_transfer_encoding"},
    {"CodingAfterChunked", GET "Transfer-Encoding: chunked, identity\r\n\r\n",
     "501 http1.invalid_transfer_encoding"},
    {"ChunkedTwice", GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     "501 http1.invalid_transfer_encoding"},
    {"EmptyCoding", GET "Transfer-Encoding:\r\n\r\n", "501 http1.invalid_transfer_encoding"},
    {"DisguisedCoding",
     GET "Transfer-Encoding: \x0b"
         "chunked\r\n\r\n",
     "400 http1.invalid_characters"},
    {"QuotedCoding", GET "Transfer-Encoding: \"chunked\"\r\n\r\n",
     "501 http1.invalid_transfer_encoding"},
};

const Refusal kBodyRefusals[] = {
    {"NoDigit", CHUNKED "\r\n", "400 http1.codec_error"},
    {"NoHexDigit", CHUNKED "g\r\n", "400 http1.codec_error"},
    {"Prefix", CHUNKED "0x1\r\nx\r\n", "400 http1.codec_error"},
    {"Negative", CHUNKED "-1\r\n", "400 http1.codec_error"},
    {"SpaceBefore", CHUNKED " 1\r\nx\r\n", "400 http1.codec_error"},
    {"SpaceAfter", CHUNKED "1 \r\nx\r\n", "400 http1.codec_error"},
    {"SizeAfterSpace", CHUNKED "1 1\r\nx\r\n", "400 http1.codec_error"},
    {"Overflow", CHUNKED "10000000000000001\r\nx\r\n", "400 http1.codec_error"},
    {"BareLineFeed", CHUNKED "1\nx\r\n", "400 http1.codec_error"},
    {"BareLineFeedAfterExtension", CHUNKED "1;a\nx\r\n", "400 http1.codec_error"},
    {"BareReturn", CHUNKED "1\rx\r\n", "400 http1.codec_error"},
    {"BareReturnInExtension", CHUNKED "1;a\rb\r\nx\r\n", "400 http1.codec_error"},
    {"NulInExtension", CHUNKED "1;\0\r\nx\r\n"sv, "400 http1.codec_error"},
    {"DataTooLong", CHUNKED "1\r\nxy\r\n", "400 http1.codec_error"},
    {"DataTooShort", CHUNKED "2\r\nx\r\n0\r\n\r\n", "400 http1.codec_error"},
    {"LineFeedAfterData", CHUNKED "1\r\nx\n", "400 http1.codec_error"},
    {"BareLineFeedInTrailers", CHUNKED "0\r\nA: b\n\r\n", "400 http1.codec_error"},
    {"FoldInTrailers", CHUNKED "0\r\nA: b\r\n c\r\n\r\n", "400 http1.codec_error"},
    {"LengthInTrailers", CHUNKED "0\r\nContent-Length: 1\r\n\r\n", "400 http1.codec_error"},
    {"CodingInTrailers", CHUNKED "0\r\nTransfer-Encoding: chunked\r\n\r\n",
     "400 http1.codec_error"},
    {"HostInTrailers", CHUNKED "0\r\nHost: b\r\n\r\n", "400 http1.codec_error"},
};

// Octets that arrive after the refusal belong to nobody.
constexpr std::string_view kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

std::string answer_of(const std::string& story) {
  size_t at = story.find("error ");
  if (at == std::string::npos) return "none in: " + story;
  return story.substr(at + 6, story.find('\n', at) - at - 6);
}

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, AtOnce) {
  Server server;
  server.answering().feed(std::string(GetParam().request) + std::string(kSmuggled));
  EXPECT_EQ(answer_of(server.story()), GetParam().answer);
  EXPECT_EQ(server.events.streams.size(), 1u);
  EXPECT_TRUE(server.connection.closing);
  EXPECT_NE(server.output().find("\r\nconnection: close\r\n"), std::string::npos);
}

TEST_P(Refused, OctetByOctet) {
  Server server;
  server.answering();
  for (char c : GetParam().request) server.feed({&c, 1});
  server.feed(kSmuggled);
  EXPECT_EQ(answer_of(server.story()), GetParam().answer);
  EXPECT_EQ(server.events.streams.size(), 1u);
  EXPECT_TRUE(server.connection.closing);
}

auto name_of = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Http1ServerHead, Refused, testing::ValuesIn(kRefusals), name_of);
INSTANTIATE_TEST_SUITE_P(Http1ServerChunk, Refused, testing::ValuesIn(kBodyRefusals), name_of);

// Garbage must not have to fill a limit, or wait for a timer, before it is refused.
class RefusedEarly : public testing::TestWithParam<std::string_view> {};

TEST_P(RefusedEarly, BeforeTheLineIsComplete) {
  Server server;
  server.answering().feed(GetParam());
  EXPECT_EQ(server.story(), "error 400 http1.codec_error\nclosed\n");
}

INSTANTIATE_TEST_SUITE_P(Http1Server, RefusedEarly,
                         testing::Values("\x16\x03\x01"sv, "\0"sv, "get", "GETT", "G T", "\rG",
                                         "UNSUBSCRIBEUNSUBSCRIBE", "GET /\x80", "GET / X",
                                         "GET / HTTP/x", "GET / HTTP/1.1x", "SSH-2.0-"));

TEST(Http1ServerRefusal, LongChunkExtension) {
  Server server;
  server.answering().feed(CHUNKED "1;" + std::string(kMaxChunkLine, 'x'));
  EXPECT_EQ(answer_of(server.story()), "400 http1.codec_error");
}

TEST(Http1ServerRefusal, AfterTheResponseBeganResetsTheStream) {
  Server server;
  server.feed(CHUNKED "1\r\nx\r\n");
  server.send({{":status", "200"}}, false);
  server.feed("zz\r\n");
  EXPECT_TRUE(server.story().ends_with("body 1:x\nreset 7 http1.codec_error\n")) << server.story();
  EXPECT_TRUE(server.connection.closing);
}

TEST(Http1ServerRefusal, AnswerMayComeLater) {
  Server server;
  server.feed("FOO / HTTP/1.1\r\n\r\n");
  EXPECT_FALSE(server.connection.closing);
  server.send({{":status", "400"}, {"content-length", "0"}}, true);
  server.feed();
  EXPECT_EQ(server.story(), "error 400 http1.codec_error\nclosed\n");
  EXPECT_TRUE(server.connection.closing);
  EXPECT_EQ(server.output(),
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}

TEST(Http1ServerRefusal, MissingHostKeepsTheConnectionWhereOverridden) {
  http::Http1Options options;
  options.override_stream_error_on_invalid_http_message = true;
  Server server(options);
  server.answering().feed("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(server.story(),
            "error 400 missing_host_header\nclosed\n"
            "headers :method=GET :path=/ :authority=a end\nclosed\n");
  EXPECT_FALSE(server.connection.closing);
}

}  // namespace
}  // namespace outrigger::http1::test
