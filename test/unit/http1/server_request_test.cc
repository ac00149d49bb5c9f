// What the server codec understands of requests.
#include <gtest/gtest.h>

#include "proxy/http1/server_codec.h"
#include "test/unit/http1/fakes.h"

namespace outrigger::http1::test {
namespace {

using http::FeedResult;

struct Server {
  explicit Server(http::Http1Options with = {}) : options(std::move(with)) {
    events.answer_all("ok");
  }
  // Feeds as a connection does: what is not consumed comes again when reading goes on.
  FeedResult feed(std::string_view bytes) {
    FeedResult result;
    size_t consumed = 0;
    do {
      result = codec.feed(bytes.substr(consumed));
      consumed += result.consumed;
    } while (consumed < bytes.size() && !transport.paused && result.kind == FeedResult::Kind::ok &&
             result.consumed > 0);
    result.consumed = consumed;
    return result;
  }
  std::string story() const { return events.story(); }

  http::Http1Options options;
  http::Http1Stats stats;
  FakeTransport transport;
  FakeServer events;
  Http1ServerCodec codec{transport, events, options, stats};
};

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST(Http1ServerRequest, GetWithFields) {
  Server server;
  server.feed("GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x y\r\nX-Empty:\r\n\r\n");
  EXPECT_EQ(server.story(),
            "headers :method=GET :path=/a?b=c :authority=example.com user-agent=x y x-empty= end\n"
            "closed\n");
  EXPECT_EQ(server.transport.output, kOk);
}

TEST(Http1ServerRequest, BodyWithLength) {
  Server server;
  server.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(
      server.story(),
      "headers :method=POST :path=/ :authority=a content-length=5\nbody 5:hello end\nclosed\n");
}

TEST(Http1ServerRequest, ChunkedBody) {
  Server server;
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(server.story(),
            "headers :method=POST :path=/ :authority=a\nbody 11:hello world end\nclosed\n");
}

}  // namespace
}  // namespace outrigger::http1::test
