#include "gmock/gmock.h"

#include "proxy/tls/certificate_info.h"
#include "test/unit/tls/tls_pair.h"

namespace outrigger::test {
namespace {

using config::SanMatcher;
using config::StringMatcher;
using ::testing::HasSubstr;

class ClientCertificates : public TlsPair {
 protected:
  ClientCertificates() {
    server.validation = trusting(root());
    server.require_client_certificate = true;
    client.certificates = {client_certificate().config()};
  }
  void match(SanMatcher::Type type, StringMatcher::Kind kind, const std::string& text) {
    SanMatcher matcher;
    matcher.type = type;
    matcher.matcher.kind = kind;
    matcher.matcher.text = text;
    server.validation->sans.push_back(matcher);
  }
  // The server's reason for not taking the client.
  std::string refusal() {
    connect();
    EXPECT_EQ(s->connected, 0);
    loop.advance(std::chrono::seconds(1));
    EXPECT_EQ(s->error, EPROTO);
    return std::string(s->transport->failure_reason());
  }
  void expect_taken() {
    connect();
    ASSERT_EQ(s->connected, 1);
    EXPECT_TRUE(s->transport->tls()->peer_certificate_validated());
  }
};

TEST_F(ClientCertificates, AGoodOneIsTaken) {
  expect_taken();
  const CertificateInfo& peer = *s->transport->tls()->peer();
  EXPECT_EQ(peer.subject, "CN=leaf");
  EXPECT_EQ(peer.issuer, "CN=root");
  EXPECT_EQ(peer.uri_sans.front(), "spiffe://td/ns/default/sa/client");
  EXPECT_EQ(peer.sha256.size(), 64u);
  EXPECT_EQ(peer.chain_sha256.front(), peer.sha256);
  EXPECT_EQ(peer.pem, "");
  EXPECT_NE(peer.issuer_sha256, "");
  EXPECT_EQ(s->transport->tls()->group(), "X25519");
  EXPECT_THAT(s->transport->tls()->peer_with_pem()->pem,
              HasSubstr("-----BEGIN%20CERTIFICATE-----%0A"));
  EXPECT_GT(peer.not_after, std::chrono::system_clock::now());
  EXPECT_EQ(server_count(&TlsStats::no_certificate), 0u);
}

TEST_F(ClientCertificates, OneThatIsRequiredMustCome) {
  client.certificates.clear();
  EXPECT_THAT(refusal(), HasSubstr("peer did not provide required client certificate"));
  EXPECT_EQ(server_count(&TlsStats::fail_verify_no_cert), 1u);
  EXPECT_EQ(server_count(&TlsStats::connection_error), 0u);
  // In TLS 1.3 the client was already connected when it hears of it.
  EXPECT_EQ(c->connected, 1);
  EXPECT_EQ(c->error, EPROTO);
  EXPECT_THAT(std::string(c->transport->failure_reason()), HasSubstr("certificate required"));
}

TEST_F(ClientCertificates, AnOptionalOneMayBeMissing) {
  server.require_client_certificate = false;
  client.certificates.clear();
  connect();
  EXPECT_EQ(s->connected, 1);
  EXPECT_FALSE(s->transport->tls()->peer_certificate_presented());
}

TEST_F(ClientCertificates, AnExpiredOneIsRefusedUnlessAllowed) {
  CertificateRequest old;
  old.from_days = -10;
  old.to_days = -5;
  Certified expired = Certified::make(old, &root());
  client.certificates = {expired.config()};
  EXPECT_THAT(refusal(), HasSubstr("expired at"));
  EXPECT_EQ(server_count(&TlsStats::fail_verify_error), 1u);
  EXPECT_THAT(std::string(c->transport->failure_reason()), HasSubstr("certificate expired"));
  server.validation->allow_expired = true;
  publish();
  expect_taken();
}

TEST_F(ClientCertificates, ARevokedOneIsRefused) {
  Certified revoked = root().leaf({});
  server.validation->crl_pem = root().crl_pem({&revoked});
  expect_taken();
  client.certificates = {revoked.config()};
  publish();
  EXPECT_THAT(refusal(), HasSubstr("is revoked"));
  EXPECT_THAT(std::string(c->transport->failure_reason()), HasSubstr("certificate revoked"));
}

TEST_F(ClientCertificates, OneOfAnUnknownAuthorityIsRefusedUnlessUntrustedOnesAreAccepted) {
  Certified other = Certified::authority("other");
  Certified stranger = other.leaf({});
  client.certificates = {stranger.config()};
  EXPECT_THAT(refusal(), HasSubstr("unknown authority"));
  server.validation->accept_untrusted = true;
  publish();
  connect();
  EXPECT_EQ(s->connected, 1);
  EXPECT_TRUE(s->transport->tls()->peer_certificate_presented());
  EXPECT_FALSE(s->transport->tls()->peer_certificate_validated());
}

TEST_F(ClientCertificates, AnIntermediateAuthorityComesWithTheChain) {
  Certified middle = Certified::authority("middle", &root());
  Certified leaf = middle.leaf({"DNS:deep.example"});
  client.certificates = {leaf.config()};
  EXPECT_THAT(refusal(), HasSubstr("unknown authority"));
  client.certificates = {leaf.config(middle.certificate_pem())};
  publish();
  expect_taken();
  EXPECT_EQ(s->transport->tls()->peer()->chain_sha256.size(), 2u);
  server.validation->max_verify_depth = 1;
  publish();
  EXPECT_NE(refusal(), "");
}

TEST_F(ClientCertificates, NamesMustMatch) {
  match(SanMatcher::Type::uri, StringMatcher::Kind::prefix, "spiffe://td/");
  expect_taken();
  server.validation->sans.clear();
  match(SanMatcher::Type::uri, StringMatcher::Kind::exact, "spiffe://other");
  match(SanMatcher::Type::dns, StringMatcher::Kind::suffix, "client");  // not of that kind
  publish();
  EXPECT_THAT(refusal(), HasSubstr("none of the certificate's names "
                                   "[spiffe://td/ns/default/sa/client] is an expected one"));
  EXPECT_EQ(server_count(&TlsStats::fail_verify_san), 1u);
}

TEST_F(ClientCertificates, AFingerprintIsEnough) {
  server.validation->ca_pem.clear();
  server.validation->certificate_hashes = {std::string(32, 'x')};
  EXPECT_THAT(refusal(), HasSubstr("none of the expected fingerprints"));
  EXPECT_EQ(server_count(&TlsStats::fail_verify_cert_hash), 1u);
  server.validation->certificate_hashes.push_back(
      tls::certificate_digest(client_certificate().x509()));
  publish();
  expect_taken();
  server.validation->certificate_hashes.clear();
  server.validation->spki_hashes = {tls::spki_digest(client_certificate().x509())};
  publish();
  expect_taken();
}

TEST_F(ClientCertificates, AreVerifiedInTls12AsWell) {
  client.max_version = config::TlsVersion::tls1_2;
  expect_taken();
  EXPECT_EQ(s->transport->tls()->version(), "TLSv1.2");
  client.certificates.clear();
  publish();
  EXPECT_THAT(refusal(), HasSubstr("peer did not provide required client certificate"));
  EXPECT_EQ(c->connected, 0);
}

TEST_F(ClientCertificates, NoneThatTheAuthorityDidNotSignPassesByItsNameAlone) {
  match(SanMatcher::Type::uri, StringMatcher::Kind::prefix, "spiffe://td/");
  Certified forged = Certified::authority("root").leaf({"URI:spiffe://td/ns/default/sa/client"});
  client.certificates = {forged.config()};
  refusal();
  EXPECT_EQ(server_count(&TlsStats::fail_verify_error), 1u);
}

}  // namespace
}  // namespace outrigger::test
