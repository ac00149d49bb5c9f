#include "proxy/net/internal_pair.h"

#include "test/unit/net/listener_fixture.h"

namespace outrigger::net::test {
namespace {

struct End final : runtime::TransportHandler {
  std::unique_ptr<runtime::Transport> transport;
  std::string data;
  bool connected = false, eof = false, blocked = false;
  int closed = -1;

  void on_connected() override { connected = true; }
  void on_data(Bytes bytes) override { data += bytes; }
  void on_eof() override { eof = true; }
  void on_closed(int error) override { closed = error; }
  void on_write_blocked() override { blocked = true; }
  void on_write_resumed() override { blocked = false; }
};

class InternalPairTest : public testing::Test {
 protected:
  InternalPairTest() {
    InternalPair pair = make_internal_pair(loop_, *Address::from_internal("c", "1"),
                                           *Address::from_internal("l", "2"));
    client_.transport = std::move(pair.client);
    server_.transport = std::move(pair.server);
    client_.transport->set_handler(client_);
    server_.transport->set_handler(server_);
    loop_.settle();
  }
  outrigger::test::FakeLoop loop_;
  End client_, server_;
};

TEST_F(InternalPairTest, ConnectsAndCarriesBothWays) {
  EXPECT_TRUE(client_.connected);
  EXPECT_FALSE(server_.connected);
  client_.transport->write("ping");
  server_.transport->write("pong");
  EXPECT_EQ(server_.data, "");  // never from inside the call
  loop_.settle();
  EXPECT_EQ(server_.data, "ping");
  EXPECT_EQ(client_.data, "pong");
  EXPECT_EQ(client_.transport->remote_address().text(), "envoy://l/2");
  EXPECT_EQ(client_.transport->bytes_sent(), 4u);
  EXPECT_EQ(server_.transport->bytes_received(), 4u);
}

TEST_F(InternalPairTest, HalfCloseLeavesTheOtherDirectionOpen) {
  client_.transport->write("last");
  client_.transport->shutdown_write();
  loop_.settle();
  EXPECT_EQ(server_.data, "last");
  EXPECT_TRUE(server_.eof);
  server_.transport->write("answer");
  server_.transport->close_when_flushed();
  loop_.settle();
  EXPECT_EQ(client_.data, "answer");
  EXPECT_TRUE(client_.eof);
  EXPECT_EQ(server_.closed, 0);
}

TEST_F(InternalPairTest, APausedReaderBlocksTheWriter) {
  client_.transport->set_output_limit(10);
  server_.transport->pause_reading(true);
  client_.transport->write(std::string(100, 'x'));
  loop_.settle();
  EXPECT_TRUE(client_.blocked);
  EXPECT_EQ(client_.transport->output_queued(), 100u);
  server_.transport->pause_reading(false);
  loop_.settle();
  EXPECT_FALSE(client_.blocked);
  EXPECT_EQ(server_.data.size(), 100u);
}

TEST_F(InternalPairTest, GoneIsAReset) {
  server_.transport.reset();
  loop_.settle();
  EXPECT_EQ(client_.closed, ECONNRESET);
}

TEST_F(InternalPairTest, UnreadComesAgainBeforeAnythingElse) {
  client_.transport->write("ab");
  client_.transport->shutdown_write();
  loop_.settle();
  server_.data.clear();
  server_.eof = false;
  EXPECT_TRUE(server_.transport->unread("b", true));
  loop_.settle();
  EXPECT_EQ(server_.data, "b");
  EXPECT_TRUE(server_.eof);
  EXPECT_EQ(server_.transport->bytes_received(), 1u);
}

TEST_F(ListenerTest, InternalListenersAreReachedByName) {
  auto l = config("inside");
  l->internal = true;
  l->addresses.front().address = *Address::from_internal("inside", "");
  start(l);
  End client;
  runtime::ConnectOptions options;
  options.address = *Address::from_internal("inside", "endpoint");
  auto transport = loop_.connect(options, client);
  ASSERT_TRUE(transport.ok()) << transport.status();
  client.transport = std::move(*transport);
  loop_.settle();
  EXPECT_TRUE(client.connected);
  ASSERT_EQ(arrived_.size(), 1u);
  client.transport->write("hello");
  loop_.settle();
  EXPECT_EQ(arrived_[0].data, "hello");
  EXPECT_EQ(arrived_[0].info.local.text(), "envoy://inside/endpoint");
  options.address = *Address::from_internal("elsewhere", "");
  EXPECT_FALSE(loop_.connect(options, client).ok());
  arrived_.clear();
}

}  // namespace
}  // namespace outrigger::net::test
