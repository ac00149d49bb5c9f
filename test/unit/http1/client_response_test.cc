// What the client codec understands of responses, and whether the connection can be used again.
#include <gtest/gtest.h>

#include "test/unit/http1/client_fixture.h"

namespace outrigger::http1::test {
namespace {

TEST(Http1ClientResponse, WithLength) {
  Client client;
  client.get();
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello");
  EXPECT_EQ(client.story(),
            "headers :status=200 content-length=5 x-a=b\nbody 5:hello end\nclosed\n");
  EXPECT_TRUE(client.codec.can_open_stream());
  client.get();
  client.feed("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  EXPECT_EQ(client.story(), "headers :status=200 content-length=0 end\nclosed\n");
}

TEST(Http1ClientResponse, StatusLines) {
  for (std::string_view line :
       {"HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 caf\xc3\xa9 \t x"}) {
    Client client;
    client.get();
    client.feed(std::string(line) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(client.story(), "headers :status=200 content-length=0 end\nclosed\n") << line;
  }
}

TEST(Http1ClientResponse, ChunkedWithTrailers) {
  http::Http1Options options;
  options.enable_trailers = true;
  Client client(options);
  client.get();
  client.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n");
  EXPECT_EQ(client.story(), "headers :status=200\nbody 3:abc\ntrailers t=u\nclosed\n");
  EXPECT_TRUE(client.codec.can_open_stream());
}

TEST(Http1ClientResponse, DelimitedByClose) {
  Client client;
  client.get();
  client.feed("HTTP/1.1 200 OK\r\n\r\nabc");
  client.feed("def");
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_EQ(client.events.goaways, 1);
  client.connection.eof();
  EXPECT_EQ(client.story(), "headers :status=200\nbody 6:abcdef end\nclosed\n");
  EXPECT_TRUE(client.connection.closing);
}

TEST(Http1ClientResponse, WithoutBody) {
  struct {
    std::string_view method, status, length;
  } cases[] = {{"HEAD", "200", "5"}, {"GET", "204", "0"}, {"GET", "304", "5"}};
  for (const auto& c : cases) {
    Client client;
    client.request({{":method", c.method}, {":path", "/"}, {":authority", "a"}});
    client.feed("HTTP/1.1 " + std::string(c.status) +
                " X\r\nContent-Length: " + std::string(c.length) + "\r\n\r\n");
    EXPECT_TRUE(client.story().ends_with(" end\nclosed\n")) << client.story();
    EXPECT_TRUE(client.codec.can_open_stream());
  }
}

TEST(Http1ClientResponse, HeadAnsweredAsChunked) {
  Client client;
  client.request({{":method", "HEAD"}, {":path", "/"}, {":authority", "a"}});
  client.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(client.story(), "headers :status=200 end\nclosed\n");
  EXPECT_TRUE(client.codec.can_open_stream());
}

TEST(Http1ClientResponse, InformationalComeBeforeIt) {
  Client client;
  client.get();
  client.feed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(client.story(),
            "informational :status=100\ninformational :status=103 link=x\n"
            "headers :status=200 content-length=0 end\nclosed\n");
}

TEST(Http1ClientResponse, EndlessInformationalAreRefused) {
  http::Http1Options options;
  options.limits.max_bytes = 100;
  Client client(options);
  client.get();
  for (int i = 0; i < 5; ++i) client.feed("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(client.story().ends_with("reset 7 http1.headers_too_large\n")) << client.story();
}

TEST(Http1ClientResponse, ConnectionClose) {
  Client client;
  client.get();
  client.feed("HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_FALSE(client.codec.can_open_stream());
  EXPECT_EQ(client.events.goaways, 1);
  EXPECT_TRUE(client.connection.closing);
  EXPECT_TRUE(client.story().ends_with("closed\n"));
}

TEST(Http1ClientResponse, Http10NeedsKeepAlive) {
  for (bool keep : {true, false}) {
    Client client;
    client.get();
    client.feed(std::string("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n") +
                (keep ? "Connection: keep-alive\r\n" : "") + "\r\n");
    EXPECT_TRUE(client.story().ends_with("closed\n"));
    EXPECT_EQ(client.codec.can_open_stream(), keep);
  }
}

TEST(Http1ClientResponse, BeforeTheRequestIsComplete) {
  Client client;
  FakeStream& s = client.request({{":method", "POST"}, {":path", "/"}, {":authority", "a"}}, false);
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(client.story(), "headers :status=200 content-length=2\nbody 2:ok end\n");
  EXPECT_FALSE(client.codec.can_open_stream());
  s.encoder->send_body("late", true);
  EXPECT_TRUE(client.story().ends_with("closed\n"));
  EXPECT_TRUE(client.codec.can_open_stream());
}

TEST(Http1ClientResponse, GivenUpBeforeTheRequestIsComplete) {
  Client client;
  FakeStream& s = client.request({{":method", "POST"}, {":path", "/"}, {":authority", "a"}}, false);
  client.feed("HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n");
  s.encoder->reset(http::ResetReason::local_reset);
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.codec.finished());
}

// Octets behind a complete response must never become the answer to the next request.
TEST(Http1ClientResponse, MoreThanOneResponse) {
  Client client;
  FakeStream& s = client.get();
  bool reusable_at_the_end = true;
  s.when_end = [&](FakeStream&) { reusable_at_the_end = client.codec.reusable(); };
  client.feed(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
      "evil");
  EXPECT_EQ(client.story(), "headers :status=200 content-length=2\nbody 2:ok end\nclosed\n");
  EXPECT_FALSE(reusable_at_the_end);
  EXPECT_TRUE(client.connection.closing);
}

TEST(Http1ClientIdle, UnaskedOctetsMakeItUnusable) {
  Client client;
  client.get();
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  client.feed("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.story().ends_with("closed\n"));
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.connection.closing);
}

TEST(Http1ClientIdle, EofIsNoEvent) {
  Client client;
  client.connection.eof();
  EXPECT_FALSE(client.codec.can_open_stream());
  EXPECT_TRUE(client.connection.closing);
}

TEST(Http1ClientStream, UnaskedOctetsBeforeItsRequestCanBeRetried) {
  Client client;
  client.open();
  client.feed("HTTP/1.1 408 Request Timeout\r\n\r\n");
  EXPECT_EQ(client.story(), "reset 5 http1.extraneous_data_after_response\n");
}

TEST(Http1ClientStream, EofInTheMiddleResetsIt) {
  for (std::string_view part : {"", "HTTP/1.", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
                                "HTTP/1.1 100 Continue\r\n\r\n"}) {
    Client client;
    client.get();
    client.feed(part);
    client.connection.eof();
    EXPECT_TRUE(client.story().ends_with("reset 5 upstream_remote_disconnect\n")) << part;
    EXPECT_TRUE(client.connection.closing);
  }
}

TEST(Http1ClientStream, HearsOfItsConnectionsWatermarks) {
  Client client;
  client.get();
  client.codec.on_transport_blocked();
  client.codec.on_transport_resumed();
  EXPECT_EQ(client.story(), "blocked\nresumed\n");
}

TEST(Http1ClientStream, NextOneMayBeginInsideClosed) {
  Client client;
  FakeStream& first = client.get();
  first.when_closed = [&](FakeStream&) { client.get(); };
  client.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_EQ(client.streams.size(), 2u);
  client.feed("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(client.story(), "headers :status=204 end\nclosed\n");
}

TEST(Http1ClientStream, ResetFromInsideAnyCallback) {
  http::Http1Options options;
  options.enable_trailers = true;
  auto reset = [](FakeStream& s) {
    s.encoder->reset(http::ResetReason::local_reset);
    s.dead = true;
    s.encoder->send_body("x", true);
  };
  for (int callback = 0; callback < 3; ++callback) {
    Client client(options);
    FakeStream& s = client.get();
    if (callback == 0) s.when_headers = reset;
    if (callback == 1) s.when_body = reset;
    if (callback == 2) s.when_end = reset;
    client.output();
    client.feed(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        "1\r\nx\r\n1\r\ny\r\n0\r\nT: u\r\n\r\n");
    EXPECT_EQ(client.output(), "");
    EXPECT_FALSE(client.codec.reusable());
    EXPECT_TRUE(client.connection.closing);
  }
}

struct BadResponse {
  const char* name;
  std::string_view response;
  std::string_view detail;
};

#define OK "HTTP/1.1 200 OK\r\n"

const BadResponse kBad[] = {
    {"OtherProtocol", "220 smtp\r\n", "http1.codec_error"},
    {"Http2", "HTTP/2.0 200 OK\r\n\r\n", "http1.codec_error"},
    {"Http12", "HTTP/1.2 200 OK\r\n\r\n", "http1.codec_error"},
    {"ShortStatus", "HTTP/1.1 20 OK\r\n\r\n", "http1.codec_error"},
    {"LongStatus", "HTTP/1.1 2000 OK\r\n\r\n", "http1.codec_error"},
    {"LowStatus", "HTTP/1.1 099 OK\r\n\r\n", "http1.codec_error"},
    {"TwoSpaces", "HTTP/1.1  200 OK\r\n\r\n", "http1.codec_error"},
    {"ControlInPhrase", "HTTP/1.1 200 O\x01K\r\n\r\n", "http1.codec_error"},
    {"BareLineFeed", "HTTP/1.1 200 OK\n\n", "http1.codec_error"},
    {"Fold", OK "A: b\r\n c\r\n\r\n", "http1.codec_error"},
    {"SpaceBeforeColon", OK "A : b\r\n\r\n", "http1.codec_error"},
    {"TwoLengths", OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "http1.codec_error"},
    {"BadLength", OK "Content-Length: x\r\n\r\n", "http1.codec_error"},
    {"LengthAndChunked", OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     "http1.content_length_and_chunked_not_allowed"},
    {"UnknownCoding", OK "Transfer-Encoding: gzip\r\n\r\n", "http1.invalid_transfer_encoding"},
    {"ChunkedHttp10", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "http1.invalid_transfer_encoding"},
    {"BadChunk", OK "Transfer-Encoding: chunked\r\n\r\nx\r\n", "http1.codec_error"},
    {"ChunkedNoContent", "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n",
     "http1.transfer_encoding_not_allowed"},
    {"LengthOfNoContent", "HTTP/1.1 204 X\r\nContent-Length: 1\r\n\r\n",
     "http1.content_length_not_allowed"},
    {"LengthOfContinue", "HTTP/1.1 100 X\r\nContent-Length: 1\r\n\r\n",
     "http1.content_length_not_allowed"},
    {"UnaskedSwitch", "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n", "http1.codec_error"},
};

class Bad : public testing::TestWithParam<BadResponse> {};

TEST_P(Bad, AtOnceAndOctetByOctet) {
  Client client;
  client.get();
  client.feed(GetParam().response);
  std::string end = "reset 7 " + std::string(GetParam().detail) + "\n";
  EXPECT_TRUE(client.story().ends_with(end)) << client.story();
  EXPECT_FALSE(client.codec.reusable());
  EXPECT_TRUE(client.connection.closing);

  Client slow;
  slow.get();
  for (char c : GetParam().response) slow.feed({&c, 1});
  EXPECT_TRUE(slow.story().ends_with(end)) << slow.story();
}

auto name_of = [](const auto& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Http1Client, Bad, testing::ValuesIn(kBad), name_of);

TEST(Http1ClientSplit, AtEveryPosition) {
  constexpr std::string_view kText =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nServer: something long enough for blocks\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n006;a=b\r\n world\r\n0\r\nT: u\r\n\r\n";
  http::Http1Options options;
  options.enable_trailers = true;
  for (size_t at = 0; at <= kText.size(); ++at) {
    Client client(options);
    client.get();
    client.feed(kText.substr(0, at));
    client.feed(kText.substr(at));
    ASSERT_EQ(client.story(),
              "informational :status=100\nheaders :status=200 server=something long enough for "
              "blocks\nbody 11:hello world\ntrailers t=u\nclosed\n")
        << at;
  }
}

}  // namespace
}  // namespace outrigger::http1::test
