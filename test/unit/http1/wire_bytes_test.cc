// The octets of a stream, on both sides: all of them, and those of field lines.
#include <gtest/gtest.h>

#include "test/unit/http1/client_fixture.h"
#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

// Names, values and three octets of each line: the white space after the colon is not counted.
constexpr size_t fields(std::initializer_list<std::string_view> parts) {
  size_t sum = 0;
  for (std::string_view part : parts) sum += part.size();
  return sum + parts.size() / 2 * 3;
}

TEST(Http1WireBytes, ARequestCountsWithItsFraming) {
  Server server;
  std::string request =
      "POST /p HTTP/1.1\r\nhost: a\r\ntransfer-encoding:   chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  server.feed(request);
  EXPECT_EQ(server.stream().wire.received, request.size());
  EXPECT_EQ(server.stream().wire.headers_received,
            fields({"host", "a", "transfer-encoding", "chunked"}));
}

TEST(Http1WireBytes, AResponseCountsAsItIsWritten) {
  Server server;
  server.feed("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  FakeStream& stream = server.stream();
  server.send({{":status", "200"}, {"x", "y"}}, false);
  server.send_body("abc", true);
  std::string written = server.output();
  EXPECT_EQ(stream.wire.sent, written.size());
  // Field lines as they stand: between the status line and the empty line.
  EXPECT_EQ(stream.wire.headers_sent, std::string("x: y\r\ntransfer-encoding: chunked\r\n").size());
}

TEST(Http1WireBytes, PipelinedRequestsCountForThemselves) {
  Server server;
  std::string request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
  server.answering();
  server.feed(request + request + request);
  EXPECT_EQ(server.stream().wire.received, request.size());
}

TEST(Http1WireBytes, TheUpstreamsSideCountsToo) {
  Client client;
  FakeStream& stream = client.get();
  EXPECT_EQ(stream.wire.sent, client.output().size());
  EXPECT_EQ(stream.wire.headers_sent, std::string("host: a\r\n").size());
  std::string response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  client.feed(response);
  EXPECT_EQ(stream.wire.received, response.size());
  EXPECT_EQ(stream.wire.headers_received, fields({"content-length", "2"}));
}

}  // namespace
}  // namespace outrigger::http1::test
