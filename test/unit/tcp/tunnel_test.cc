#include "test/unit/tcp/tcp_fixture.h"

namespace outrigger::tcp::test {
namespace {

class TunnelTest : public TcpTest {
 protected:
  TunnelTest() {
    config_->tunneling = config::TcpProxy::Tunneling{};
    config_->tunneling->hostname = literal("target:443");
  }
  static config::SubstitutionFormat literal(std::string text) {
    config::LogCommand command;
    command.text = std::move(text);
    return {command};
  }
};

TEST_F(TunnelTest, AsksForTheTargetAndThenCarriesOctets) {
  Client client = connect_through();
  EXPECT_EQ(upstream(0).take(), "CONNECT target:443 HTTP/1.1\r\nhost: target:443\r\n\r\n");
  client->send("early");
  EXPECT_EQ(upstream(0).take(), "");  // not before the tunnel stands
  upstream(0).send("HTTP/1.1 200 OK\r\n\r\nwelcome");
  EXPECT_EQ(client->take(), "welcome");
  EXPECT_EQ(upstream(0).take(), "early");
  client->send_and_close("bye");
  EXPECT_EQ(upstream(0).take(), "bye");
  EXPECT_TRUE(upstream(0).got_fin());
  upstream(0).send_and_close("end");
  EXPECT_EQ(client->take(), "end");
  EXPECT_TRUE(client->gone());
  EXPECT_EQ(connections(), 0u);
}

TEST_F(TunnelTest, UpstreamEndsFirstAndStillReads) {
  Client client = connect_through();
  upstream(0).send("HTTP/1.1 200 OK\r\n\r\n");
  upstream(0).take();
  upstream(0).close();
  EXPECT_TRUE(client->got_fin());
  client->send("more");
  EXPECT_EQ(upstream(0).take(), "more");
  client->close();
  EXPECT_TRUE(upstream(0).gone());
}

TEST_F(TunnelTest, RefusalIsAFailedAttempt) {
  config_->max_connect_attempts = 2;
  Client client = connect_through();
  upstream(0).send("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
  ASSERT_EQ(loop_.peer_count(), 2u);
  upstream(1).accept();
  upstream(1).send("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(client->got_fin());
  EXPECT_EQ(loop_.peer_count(), 2u);
}

TEST_F(TunnelTest, PostHasAPathAndChunks) {
  config_->tunneling->use_post = true;
  config_->tunneling->post_path = "/tunnel";
  config::HeaderAddition addition;
  addition.name = "x-from";
  addition.value = literal("here");
  config_->tunneling->headers.add.push_back(addition);
  Client client = connect_through();
  std::string head = upstream(0).take();
  EXPECT_TRUE(head.starts_with("POST /tunnel HTTP/1.1\r\nhost: target:443\r\n")) << head;
  EXPECT_NE(head.find("x-from: here\r\n"), std::string::npos) << head;
  upstream(0).send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(client->take(), "abc");
  client->send("hello");
  EXPECT_EQ(upstream(0).take(), "5\r\nhello\r\n");
}

}  // namespace
}  // namespace outrigger::tcp::test
