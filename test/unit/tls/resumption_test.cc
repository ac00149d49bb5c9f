#include "gmock/gmock.h"

#include "proxy/tls/ticket_keys.h"
#include "test/unit/tls/tls_pair.h"

namespace outrigger::test {
namespace {

class Resumption : public TlsPair {
 protected:
  // Tickets arrive with the server's first records.
  void exchange() {
    connect();
    ASSERT_EQ(c->connected, 1);
    s->transport->write("x");
    loop.settle();
    carry();
  }
  bool resumed() {
    exchange();
    EXPECT_EQ(c->transport->tls()->session_reused(), s->transport->tls()->session_reused());
    return c->transport->tls()->session_reused();
  }
};

TEST_F(Resumption, ATls13SessionIsResumedByItsTicket) {
  client.validation = trusting(root());
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  EXPECT_TRUE(c->transport->tls()->peer_certificate_validated());
  EXPECT_EQ(server_count(&TlsStats::session_reused), 1u);
  EXPECT_EQ(client_count(&TlsStats::session_reused), 1u);
}

TEST_F(Resumption, AResumedSessionIsResumedAgain) {
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  EXPECT_TRUE(resumed());
  EXPECT_TRUE(resumed());
}

TEST_F(Resumption, ATls12SessionIsResumedByTicketAndById) {
  client.max_version = config::TlsVersion::tls1_2;
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  server.stateless_resumption = false;
  publish();
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  server.stateful_resumption = false;
  publish();
  EXPECT_FALSE(resumed());
  EXPECT_FALSE(resumed());
}

TEST_F(Resumption, WithoutRoomForSessionsNoneIsKept) {
  client.max_session_keys = 0;
  EXPECT_FALSE(resumed());
  EXPECT_FALSE(resumed());
}

TEST_F(Resumption, ASessionServesOnlyTheSameNames) {
  client.validation = trusting(root());
  client.max_session_keys = 4;
  target.verify_names = {"server.example"};
  EXPECT_FALSE(resumed());
  target.verify_names = {"other.example"};
  connect();
  EXPECT_EQ(c->connected, 0);
  target.verify_names = {"server.example"};
  EXPECT_TRUE(resumed());
}

TEST_F(Resumption, AnotherWorkerReadsTheTicketOfTheProcess) {
  auto ring = std::make_shared<config::TicketKeyRing>();
  ring->set({tls::make_ticket_key()});
  server.shared_ticket_keys = ring;
  EXPECT_FALSE(resumed());
  publish();  // as good as another worker: everything is made anew
  client_slot = std::make_shared<config::TlsContextSlot>();
  EXPECT_FALSE(resumed());  // the client's cache is new, too
  EXPECT_TRUE(resumed());
  ring->set({tls::make_ticket_key(), ring->keys().front()});
  EXPECT_TRUE(resumed());
  ring->set({tls::make_ticket_key()});
  EXPECT_FALSE(resumed());
}

TEST_F(Resumption, ConfiguredKeysOutliveTheContext) {
  server.ticket_keys = {std::string(80, 'k')};
  EXPECT_FALSE(resumed());
  server_slot->set(std::make_shared<config::TlsContext>(server));
  EXPECT_TRUE(resumed());
  server.ticket_keys = {std::string(80, 'n'), std::string(80, 'k')};
  server_slot->set(std::make_shared<config::TlsContext>(server));
  EXPECT_TRUE(resumed());
  server.ticket_keys = {std::string(80, 'z')};
  server_slot->set(std::make_shared<config::TlsContext>(server));
  EXPECT_FALSE(resumed());
}

TEST_F(Resumption, OtherDemandsOnTheClientEndSessions) {
  server.ticket_keys = {std::string(80, 'k')};
  EXPECT_FALSE(resumed());
  server.validation = trusting(root());
  server_slot->set(std::make_shared<config::TlsContext>(server));
  EXPECT_FALSE(resumed());
}

TEST_F(Resumption, AClientCertificateIsKnownAgain) {
  server.validation = trusting(root());
  server.require_client_certificate = true;
  client.certificates = {client_certificate().config()};
  EXPECT_FALSE(resumed());
  EXPECT_TRUE(resumed());
  ASSERT_NE(s->transport->tls()->peer(), nullptr);
  EXPECT_TRUE(s->transport->tls()->peer_certificate_validated());
  EXPECT_EQ(s->transport->tls()->peer()->uri_sans.front(), "spiffe://td/ns/default/sa/client");
}

TEST_F(Resumption, ARenewedCertificateIsUsedByNewConnectionsOnly) {
  exchange();
  std::string before = c->transport->tls()->peer()->sha256;
  std::unique_ptr<Owner> old_server = std::move(s), old_client = std::move(c);
  std::shared_ptr<FakePeer> old_server_peer = server_peer;
  FakePeer* old_client_peer = client_peer;
  Certified renewed = root().leaf({"DNS:server.example"});
  server.certificates = {renewed.config()};
  publish();
  connect();
  EXPECT_NE(c->transport->tls()->peer()->sha256, before);
  // The old connection goes on.
  old_client->transport->write("still here");
  loop.settle();
  old_server_peer->send(old_client_peer->take());
  EXPECT_EQ(old_server->received, "still here");
}

TEST_F(Resumption, ContentThatCannotBeUsedLeavesTheOldOne) {
  exchange();
  server.certificates.front().key_pem = "nonsense";
  publish();
  connect();
  EXPECT_EQ(c->connected, 1);
}

}  // namespace
}  // namespace outrigger::test
