#include "gmock/gmock.h"

#include "test/unit/tls/tls_pair.h"

namespace outrigger::test {
namespace {

using ::testing::HasSubstr;
using Handshake = TlsPair;

TEST_F(Handshake, ConnectsBothSidesAndCarriesData) {
  connect();
  EXPECT_EQ(s->connected, 1);
  EXPECT_EQ(c->connected, 1);
  ASSERT_NE(s->transport->tls(), nullptr);
  EXPECT_EQ(s->transport->tls()->version(), "TLSv1.3");
  EXPECT_EQ(s->transport->tls()->server_name(), "server.example");
  EXPECT_FALSE(s->transport->tls()->peer_certificate_presented());
  ASSERT_NE(c->transport->tls()->peer(), nullptr);
  EXPECT_EQ(c->transport->tls()->peer()->dns_sans.front(), "server.example");
  c->transport->write("hello");
  loop.settle();
  carry();
  EXPECT_EQ(s->received, "hello");
  s->transport->write("world");
  loop.settle();
  carry();
  EXPECT_EQ(c->received, "world");
  EXPECT_EQ(server_count(&TlsStats::handshake), 1u);
  EXPECT_EQ(server_count(&TlsStats::no_certificate), 1u);
}

TEST_F(Handshake, IsHeldOctetByOctet) {
  open();
  carry(1);
  EXPECT_EQ(s->connected, 1);
  EXPECT_EQ(c->connected, 1);
}

TEST_F(Handshake, AgreesOnTheServersFavouriteProtocol) {
  server.alpn = {"h2", "http/1.1"};
  client.alpn = {"http/1.1", "h2"};
  connect();
  EXPECT_EQ(s->transport->tls()->alpn(), "h2");
  EXPECT_EQ(c->transport->tls()->alpn(), "h2");
}

TEST_F(Handshake, GoesOnWithoutAProtocolInCommon) {
  server.alpn = {"h2"};
  client.alpn = {"istio"};
  connect();
  EXPECT_EQ(c->connected, 1);
  EXPECT_EQ(s->transport->tls()->alpn(), "");
}

TEST_F(Handshake, VerifiesTheServer) {
  client.validation = trusting(root());
  target.verify_names = {"server.example"};
  connect();
  EXPECT_EQ(c->connected, 1);
  EXPECT_TRUE(c->transport->tls()->peer_certificate_validated());
}

TEST_F(Handshake, RefusesAServerOfAnUnknownAuthority) {
  client.validation = trusting(Certified::authority("other"));
  connect();
  EXPECT_EQ(c->connected, 0);
  EXPECT_EQ(c->error, EPROTO);
  EXPECT_THAT(std::string(c->transport->failure_reason()), HasSubstr("unknown authority"));
  EXPECT_EQ(client_count(&TlsStats::fail_verify_error), 1u);
  EXPECT_EQ(s->closes, 0);  // the alert has a moment to arrive
  loop.advance(std::chrono::seconds(1));
  EXPECT_EQ(s->error, EPROTO);
  EXPECT_THAT(std::string(s->transport->failure_reason()), HasSubstr("unknown CA"));
}

}  // namespace
}  // namespace outrigger::test
