// Upgrades and CONNECT on the server side.
#include <gtest/gtest.h>

#include "test/unit/http1/server_fixture.h"

namespace outrigger::http1::test {
namespace {

constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
    "websocket\r\n\r\n";
constexpr std::string_view kUpgradeStory =
    "headers :method=GET :path=/chat :authority=a connection=keep-alive, Upgrade "
    "upgrade=websocket\n";

TEST(Http1ServerTunnel, UpgradeAcceptedBecomesATunnel) {
  Server server;
  server.feed(kUpgrade);
  EXPECT_EQ(server.story(), kUpgradeStory);
  server.send({{":status", "101"}, {"connection", "Upgrade"}, {"upgrade", "websocket"}}, false);
  EXPECT_EQ(
      server.output(),
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
  server.feed("frame");
  server.send_body("answer", false);
  EXPECT_EQ(server.output(), "answer");
  EXPECT_TRUE(server.story().ends_with("body 5:frame\n"));
}

TEST(Http1ServerTunnel, OctetsBeforeTheDecisionWait) {
  Server server;
  server.feed(std::string(kUpgrade) + "early");
  EXPECT_TRUE(server.transport.paused);
  EXPECT_EQ(server.story(), kUpgradeStory);
  server.send({{":status", "101"}, {"upgrade", "websocket"}}, false);
  EXPECT_FALSE(server.transport.paused);
  server.feed();
  EXPECT_TRUE(server.story().ends_with("body 5:early\n"));
}

TEST(Http1ServerTunnel, RefusedUpgradeGoesOnWithTheNextRequest) {
  Server server;
  server.feed(std::string(kUpgrade) + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  server.send({{":status", "403"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  server.feed();
  EXPECT_EQ(server.story(),
            std::string(kUpgradeStory) + "closed\nheaders :method=GET :path=/2 :authority=a end\n");
}

TEST(Http1ServerTunnel, BodyOfAnUpgradeRequestIsFramed) {
  Server server;
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\n"
      "hitunnel");
  EXPECT_TRUE(server.story().ends_with("body 2:hi\n")) << server.story();
  server.send({{":status", "101"}, {"upgrade", "x"}}, false);
  server.feed();
  EXPECT_TRUE(server.story().ends_with("body 8:hitunnel\n")) << server.story();
}

TEST(Http1ServerTunnel, AcceptedBeforeItsBodyWasRead) {
  Server server;
  server.feed(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\nhi");
  server.send({{":status", "101"}, {"upgrade", "x"}}, false);
  server.feed("\r\n0\r\n\r\n5\r\n");
  EXPECT_TRUE(server.story().ends_with("body 5:hi5\r\n\n")) << server.story();
}

TEST(Http1ServerTunnel, UpgradeOfHttp10IsIgnored) {
  Server server(Server::with_http10());
  server.feed("GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ :authority=a connection=upgrade end\n");
}

TEST(Http1ServerTunnel, UpgradeNotNamedInConnectionIsIgnored) {
  Server server;
  server.feed("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(server.story(), "headers :method=GET :path=/ :authority=a end\n");
}

TEST(Http1ServerTunnel, ConnectAccepted) {
  Server server;
  server.feed("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\nearly");
  server.send({{":status", "200"}, {"content-length", "9"}}, false);
  EXPECT_EQ(server.output(), "HTTP/1.1 200 OK\r\n\r\n");
  server.feed();
  EXPECT_TRUE(server.story().ends_with("body 5:early\n"));
}

TEST(Http1ServerTunnel, ConnectRefused) {
  Server server;
  server.feed("CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n");
  server.send({{":status", "403"}}, true);
  EXPECT_EQ(server.output(), "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(server.story().ends_with("closed\n"));
  EXPECT_FALSE(server.codec.finished());
}

TEST(Http1ServerTunnel, EachDirectionEndsByItself) {
  Server server;
  server.feed(kUpgrade);
  server.send({{":status", "101"}, {"upgrade", "websocket"}}, false);
  server.connection.eof();
  EXPECT_TRUE(server.story().ends_with("body 0: end\n"));
  EXPECT_FALSE(server.codec.finished());
  EXPECT_FALSE(server.transport.shut_down);
  server.send_body("bye", true);
  EXPECT_TRUE(server.output().ends_with("bye"));
  EXPECT_TRUE(server.transport.shut_down);
  EXPECT_TRUE(server.story().ends_with("closed\n"));
  EXPECT_TRUE(server.codec.finished());
}

TEST(Http1ServerTunnel, OurEndFirst) {
  Server server;
  server.feed(kUpgrade);
  server.send({{":status", "101"}, {"upgrade", "websocket"}}, false);
  server.send_body({}, true);
  EXPECT_TRUE(server.transport.shut_down);
  EXPECT_FALSE(server.codec.finished());
  server.feed("more");
  server.connection.eof();
  EXPECT_TRUE(server.story().ends_with("body 4:more end\nclosed\n")) << server.story();
  EXPECT_TRUE(server.connection.closing);
}

}  // namespace
}  // namespace outrigger::http1::test
