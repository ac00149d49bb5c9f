// However the octets of a message arrive, the story and the output are the same.
#include <gtest/gtest.h>

#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

const std::string_view kConversations[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\nGET /a?b HTTP/1.1\r\nhost: a\r\nUser-Agent: something quite long to cross blocks\r\n"
    "Accept: */*\r\nCookie: a=b; c=d\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello worldHEAD / HTTP/1.1\r\n"
    "Host: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world"
    "\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: u\r\n\r\n"
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\ntunnel \r\n octets",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
};

struct Told {
  std::string story;
  std::string output;
  bool operator==(const Told&) const = default;
};

// Answers at once: tunnels are accepted.
void answer(FakeServer& events) {
  events.answer_all("ok");
  auto plain = events.when_new;
  events.when_new = [plain](FakeStream& stream) {
    plain(stream);
    stream.when_headers = [](FakeStream& s) {
      bool connect = s.received->get(http::HeaderId::method) == "CONNECT";
      if (connect) s.encoder->send_headers(s.headers({{":status", "200"}}), false);
      if (!s.received->has(http::HeaderId::upgrade)) return;
      s.encoder->send_headers(s.headers({{":status", "101"}, {"upgrade", "x"}}), false);
    };
  };
}

template <class Feed>
Told tell(Feed feed) {
  http::Http1Options options;
  options.enable_trailers = true;
  Server server(options);
  answer(server.events);
  feed(server);
  server.connection.eof();
  return {server.story(), server.output()};
}

class Split : public testing::TestWithParam<std::string_view> {};

TEST_P(Split, AtEveryPosition) {
  std::string_view text = GetParam();
  Told whole = tell([&](Server& server) { server.feed(text); });
  EXPECT_EQ(whole.story.find("error"), std::string::npos) << whole.story;
  for (size_t at = 1; at < text.size(); ++at) {
    Told halves = tell([&](Server& server) {
      server.feed(text.substr(0, at));
      server.feed(text.substr(at));
    });
    ASSERT_EQ(halves.story, whole.story) << "split at " << at;
    ASSERT_EQ(halves.output, whole.output) << "split at " << at;
  }
}

TEST_P(Split, IntoPiecesOfEverySize) {
  std::string_view text = GetParam();
  Told whole = tell([&](Server& server) { server.feed(text); });
  for (size_t size = 1; size < 40; ++size) {
    Told pieces = tell([&](Server& server) {
      for (size_t at = 0; at < text.size(); at += size) server.feed(text.substr(at, size));
    });
    ASSERT_EQ(pieces.story, whole.story) << "pieces of " << size;
    ASSERT_EQ(pieces.output, whole.output) << "pieces of " << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Http1Server, Split, testing::ValuesIn(kConversations));

}  // namespace
}  // namespace outrigger::http1::test
