#include "gmock/gmock.h"

#include "test/unit/tls/tls_pair.h"

namespace outrigger::test {
namespace {

using ::testing::HasSubstr;

class CertificateChoices : public TlsPair {
 protected:
  // Which certificate a client gets that asks for `name`; its first DNS name.
  std::string chosen(const std::string& name) {
    client.sni = name;
    publish();
    connect();
    EXPECT_EQ(c->connected, 1);
    return c->connected == 1 ? c->transport->tls()->peer()->dns_sans.front() : "";
  }
  static Certified with(std::vector<std::string> names, KeyKind key = KeyKind::ec) {
    return root().leaf(std::move(names), key);
  }
  static Certified rsa_pair() {
    static const Certified made =
        root().leaf({"DNS:rsa.example", "DNS:both.example"}, KeyKind::rsa);
    return made;
  }
};

TEST_F(CertificateChoices, ExactNameThenWildcardThenTheFirst) {
  server.certificates = {with({"DNS:first.example"}).config(), with({"DNS:a.example"}).config(),
                         with({"DNS:*.example"}).config()};
  EXPECT_EQ(chosen("a.example"), "a.example");
  EXPECT_EQ(chosen("A.Example"), "a.example");
  EXPECT_EQ(chosen("b.example"), "*.example");
  EXPECT_EQ(chosen("x.b.example"), "first.example");
  EXPECT_EQ(chosen(""), "first.example");
}

TEST_F(CertificateChoices, EcdsaForClientsThatCan) {
  server.certificates = {rsa_pair().config(),
                         with({"DNS:ec.example", "DNS:both.example"}).config()};
  EXPECT_EQ(chosen("both.example"), "ec.example");
  client.signature_algorithms = {"rsa_pss_rsae_sha256"};
  EXPECT_EQ(chosen("both.example"), "rsa.example");
  client.signature_algorithms.clear();
  client.max_version = config::TlsVersion::tls1_2;
  EXPECT_EQ(chosen("both.example"), "ec.example");
  client.ciphers = {"ECDHE-RSA-AES128-GCM-SHA256"};
  EXPECT_EQ(chosen("both.example"), "rsa.example");
}

TEST_F(CertificateChoices, TheCommonNameCountsWithoutOtherNames) {
  CertificateRequest request;
  request.common_name = "cn.example";
  server.certificates = {with({"DNS:first.example"}).config(),
                         Certified::make(request, &root()).config()};
  client.sni = "cn.example";
  connect();
  EXPECT_EQ(c->transport->tls()->peer()->subject, "CN=cn.example");
}

TEST_F(CertificateChoices, AFullScanFindsAKeyThatTheClientTakes) {
  server.certificates = {with({"DNS:ec.example"}).config(), rsa_pair().config()};
  server.full_scan_certs_on_sni_mismatch = true;
  client.signature_algorithms = {"rsa_pss_rsae_sha256"};
  EXPECT_EQ(chosen("other.example"), "rsa.example");
}

class Stapling : public CertificateChoices {
 protected:
  void staple(int hours) {
    server.certificates.front().ocsp_staple = root().ocsp(server_certificate(), hours);
  }
  // OpenSSL clients ask only if told to, so the answer is looked for in the hello's statistics.
  uint64_t omitted() { return server_count(&TlsStats::ocsp_staple_omitted); }
};

TEST_F(Stapling, AClientThatDoesNotAskGetsNoneAndNothingFails) {
  server.ocsp = config::OcspPolicy::must_staple;
  staple(24);
  connect();
  EXPECT_EQ(s->connected, 1);
  EXPECT_EQ(server_count(&TlsStats::ocsp_staple_requests), 0u);
  EXPECT_EQ(omitted(), 0u);
}

}  // namespace
}  // namespace outrigger::test
