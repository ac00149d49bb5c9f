#include "gmock/gmock.h"

#include "test/unit/tls/tls_pair.h"

namespace outrigger::test {
namespace {

using ::testing::HasSubstr;

class HostilePeer : public TlsPair {
 protected:
  // A server's transport with whatever is at the other end.
  void accept() {
    publish();
    auto [accepted, peer] = loop.accept_client();
    server_peer = std::move(peer);
    s = std::make_unique<Owner>();
    s->take(server_context.wrap(std::move(accepted), handshake_timeout));
  }
  std::string client_hello() {
    open();
    loop.settle();
    return client_peer->take();
  }
  void expect_refused(const std::string& bytes, const std::string& why) {
    accept();
    server_peer->send(bytes);
    loop.advance(std::chrono::seconds(1));
    EXPECT_EQ(s->closes, 1);
    EXPECT_EQ(s->error, EPROTO);
    EXPECT_THAT(std::string(s->transport->failure_reason()), HasSubstr(why));
  }
};

TEST_F(HostilePeer, SpeaksSomethingElse) {
  expect_refused("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "the peer does not speak TLS");
  expect_refused(std::string(100, '\xff'), "TLS_error:|");
  expect_refused(std::string(100, '\0'), "TLS_error:|");
  EXPECT_EQ(server_count(&TlsStats::connection_error), 3u);
}

TEST_F(HostilePeer, EndsAfterEveryPrefixOfAHello) {
  std::string hello = client_hello();
  for (size_t size = 0; size < hello.size(); ++size) {
    accept();
    server_peer->send_and_close(hello.substr(0, size));
    EXPECT_EQ(s->closes, 1) << size;
    EXPECT_EQ(s->connected, 0);
    EXPECT_THAT(std::string(s->transport->failure_reason()),
                HasSubstr("closed the connection during the TLS handshake"));
  }
}

TEST_F(HostilePeer, DamagesOneOctetOfAHello) {
  std::string hello = client_hello();
  for (size_t at = 0; at < hello.size(); ++at) {
    std::string bad = hello;
    bad[at] = static_cast<char>(~bad[at]);
    accept();
    server_peer->send(bad);
    loop.advance(std::chrono::seconds(1));
    EXPECT_EQ(s->connected, 0);
  }
}

TEST_F(HostilePeer, DamagesARecord) {
  connect();
  c->transport->write("secret");
  loop.settle();
  std::string record = client_peer->take();
  record.back() = static_cast<char>(record.back() ^ 1);
  server_peer->send(record);
  EXPECT_EQ(s->received, "");
  loop.advance(std::chrono::seconds(1));
  EXPECT_EQ(s->error, EPROTO);
  EXPECT_THAT(std::string(s->transport->failure_reason()), HasSubstr("damaged"));
}

TEST_F(HostilePeer, CutsARecord) {
  connect();
  c->transport->write("secret");
  loop.settle();
  std::string record = client_peer->take();
  server_peer->send_and_close(record.substr(0, record.size() - 1));
  EXPECT_EQ(s->received, "");
  EXPECT_EQ(s->eofs, 1);
}

TEST_F(HostilePeer, SaysNothing) {
  handshake_timeout = std::chrono::milliseconds(500);
  accept();
  loop.advance(std::chrono::milliseconds(499));
  EXPECT_EQ(s->closes, 0);
  loop.advance(std::chrono::milliseconds(2));
  EXPECT_EQ(s->closes, 1);
  EXPECT_EQ(s->error, ETIMEDOUT);
  EXPECT_THAT(std::string(s->transport->failure_reason()), HasSubstr("not over in time"));
}

TEST_F(HostilePeer, HasNoVersionOrCipherInCommon) {
  server.min_version = config::TlsVersion::tls1_3;
  client.max_version = config::TlsVersion::tls1_2;
  connect();
  EXPECT_EQ(c->error, EPROTO);
  EXPECT_THAT(std::string(c->transport->failure_reason()), HasSubstr("alert 'protocol version'"));
  loop.advance(std::chrono::seconds(1));
  EXPECT_THAT(std::string(s->transport->failure_reason()), HasSubstr("no TLS version in common"));
}

TEST_F(HostilePeer, GoesAwayInEveryMomentOfTheHandshake) {
  for (size_t stop = 0; stop < 3000; stop += 7) {
    open();
    size_t carried = 0;
    for (bool moved = true; moved && carried < stop;) {
      std::string up = client_peer->take();
      up.resize(std::min(up.size(), stop - carried));
      carried += up.size();
      server_peer->send(up);
      std::string down = server_peer->take();
      down.resize(std::min(down.size(), stop - carried));
      carried += down.size();
      client_peer->send(down);
      moved = !up.empty() || !down.empty();
    }
    server_peer->reset(ECONNRESET);
    client_peer->reset(ECONNRESET);
    EXPECT_EQ(s->closes, 1);
    EXPECT_EQ(c->closes, 1);
  }
}

}  // namespace
}  // namespace outrigger::test
