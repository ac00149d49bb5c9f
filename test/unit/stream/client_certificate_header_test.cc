#include "proxy/stream/client_certificate_header.h"

#include <gtest/gtest.h>

#include "test/unit/stream/messages.h"
#include "test/unit/support/tls.h"

namespace outrigger::stream::test {
namespace {

using config::ForwardClientCert;
using outrigger::test::FakeTls;

class ClientCertificate : public ::testing::Test {
 protected:
  ClientCertificate() {
    tls_.presented = true;
    tls_.peer_info.emplace();
    tls_.peer_info->sha256 = "ab12";
    tls_.peer_info->subject = R"(CN=client,O=\"x\")";
    tls_.peer_info->pem = "PEM";
    tls_.peer_info->chain_pem = "CHAIN";
    tls_.peer_info->uri_sans = {"spiffe://td/ns/a/sa/b"};
    tls_.peer_info->dns_sans = {"a.example", "b.example"};
    tls_.local_info.emplace();
    tls_.local_info->uri_sans = {"spiffe://td/ns/p/sa/q"};
  }
  std::string apply(ForwardClientCert mode, const Fields& fields, const TlsConnection* tls) {
    Head head(fields);
    config_.forward_client_cert = mode;
    apply_client_certificate_header(config_, tls, *head);
    std::string all;
    for (const http::HeaderField& field : head->fields()) {
      if (field.name == "x-forwarded-client-cert") all += "[" + std::string(field.value) + "]";
    }
    return all;
  }
  static Fields with_header() { return {{"x-forwarded-client-cert", "Hash=old"}}; }

  config::HttpConnectionManager config_;
  FakeTls tls_;
};

constexpr const char* kElement = "By=spiffe://td/ns/p/sa/q;Hash=ab12";

TEST_F(ClientCertificate, EveryModeOverMutualTls) {
  EXPECT_EQ(apply(ForwardClientCert::sanitize, with_header(), &tls_), "");
  EXPECT_EQ(apply(ForwardClientCert::forward_only, with_header(), &tls_), "[Hash=old]");
  EXPECT_EQ(apply(ForwardClientCert::append_forward, with_header(), &tls_),
            std::string("[Hash=old,") + kElement + "]");
  EXPECT_EQ(apply(ForwardClientCert::append_forward, Fields(), &tls_),
            std::string("[") + kElement + "]");
  EXPECT_EQ(apply(ForwardClientCert::sanitize_set, with_header(), &tls_),
            std::string("[") + kElement + "]");
  EXPECT_EQ(apply(ForwardClientCert::always_forward_only, with_header(), &tls_), "[Hash=old]");
}

TEST_F(ClientCertificate, WithoutACertificateOnlyAlwaysForwardKeepsIt) {
  FakeTls anonymous;
  for (const TlsConnection* tls : {static_cast<const TlsConnection*>(nullptr),
                                   static_cast<const TlsConnection*>(&anonymous)}) {
    for (ForwardClientCert mode :
         {ForwardClientCert::sanitize, ForwardClientCert::forward_only,
          ForwardClientCert::append_forward, ForwardClientCert::sanitize_set})
      EXPECT_EQ(apply(mode, with_header(), tls), "");
    EXPECT_EQ(apply(ForwardClientCert::always_forward_only, with_header(), tls), "[Hash=old]");
  }
}

TEST_F(ClientCertificate, TellsEveryDetailInEnvoysOrder) {
  config_.client_cert_details = {true, true, true, true, true};
  EXPECT_EQ(apply(ForwardClientCert::sanitize_set, Fields(), &tls_),
            R"([By=spiffe://td/ns/p/sa/q;Hash=ab12;Cert="PEM";Chain="CHAIN";)"
            R"(Subject="CN=client,O=\"x\"";URI=spiffe://td/ns/a/sa/b;DNS=a.example;)"
            "DNS=b.example]");
}

TEST_F(ClientCertificate, SeveralFieldsBecomeOneWithOurElementLast) {
  Fields two{{"x-forwarded-client-cert", "Hash=1"}, {"x-forwarded-client-cert", "Hash=2"}};
  EXPECT_EQ(apply(ForwardClientCert::append_forward, two, &tls_),
            std::string("[Hash=1,Hash=2,") + kElement + "]");
}

TEST_F(ClientCertificate, ANameCannotEndTheElement) {
  config_.client_cert_details.uri = true;
  tls_.peer_info->uri_sans = {R"(a,By=evil;Hash="1")", "x\r\ny: z", R"(q\)"};
  EXPECT_EQ(apply(ForwardClientCert::sanitize_set, Fields(), &tls_),
            R"([By=spiffe://td/ns/p/sa/q;Hash=ab12;URI="a,By=evil;Hash=\"1\"";)"
            R"(URI="x%0D%0Ay: z";URI="q\\"])");
}

}  // namespace
}  // namespace outrigger::stream::test
