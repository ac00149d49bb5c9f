// Secrets of a management server, into TLS contexts.
#include "xds/dynamic/secrets.h"

#include "google/protobuf/text_format.h"

#include "api/stats_tls.h"
#include "proxy/tls/inspect.h"
#include "test/unit/support/certificates.h"
#include "test/unit/xds_protocol/fixture.h"
#include "xds/compile_tls.h"
#include "xds/dynamic/redact.h"
#include "xds/init_set.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext;
using envoy::extensions::transport_sockets::tls::v3::Secret;
using test::Certified;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SecretsTest : public ProtocolTest {
 protected:
  SecretsTest() {
    environment.tls = &contexts_;
    environment.init = init_.get();
    sources.start();
  }

  config::TlsContextSlotPtr context_of(const std::string& secret) {
    DownstreamTlsContext message;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        "common_tls_context { tls_certificate_sds_secret_configs { name: '" + secret +
            "' sds_config { api_config_source { api_type: GRPC grpc_services { envoy_grpc { "
            "cluster_name: 'sds' } } } } } }",
        &message));
    auto slot = compile_downstream_tls(message, environment, {"listener.x.", "listener.", {}});
    EXPECT_TRUE(slot.ok()) << slot.status();
    clock.turn();
    return slot.ok() ? *slot : nullptr;
  }
  Secret pair(const std::string& name, const Certified& certificate, const Certified& key) const {
    Secret secret;
    secret.set_name(name);
    auto& out = *secret.mutable_tls_certificate();
    out.mutable_certificate_chain()->set_inline_string(certificate.certificate_pem());
    out.mutable_private_key()->set_inline_string(key.key_pem());
    return secret;
  }
  void send(const std::string& version, const Secret& secret) {
    envoy::service::discovery::v3::DiscoveryResponse response;
    response.set_type_url(std::string(kSecretType));
    response.set_version_info(version);
    response.set_nonce("n" + version);
    response.add_resources()->PackFrom(secret);
    server.answer(response);
  }

  static absl::StatusOr<std::vector<TlsCertificateFact>> check(const config::TlsContext& context,
                                                               TlsSide side) {
    absl::Status status = tls::check(context, side == TlsSide::downstream);
    if (!status.ok()) return status;
    return std::vector<TlsCertificateFact>();
  }

  Certified root_ = Certified::authority("root");
  Certified leaf_ = root_.leaf({"DNS:a.example"});
  Certified other_ = root_.leaf({"DNS:b.example"});
  TlsSecrets contexts_{{nullptr, check, nullptr, nullptr}};
  ResourceReader reader_;
  Secrets secrets_{contexts_, sources, reader_, stats, ledger};
  std::shared_ptr<InitSet> init_ = std::make_shared<InitSet>("listener x");
};

TEST_F(SecretsTest, AContextWaitsForItsSecret) {
  auto slot = context_of("own");
  EXPECT_EQ(slot->current(), nullptr);
  EXPECT_THAT(init_->unready(), ElementsAre("SdsApi own"));
  EXPECT_THAT(server.request().resource_names(), ElementsAre("own"));
  send("1", pair("own", leaf_, leaf_));
  ASSERT_NE(slot->current(), nullptr);
  EXPECT_EQ(slot->current()->certificates.at(0).name, "own");
  EXPECT_TRUE(init_->is_ready());
  EXPECT_EQ(server.request().version_info(), "1");
  EXPECT_TRUE(stats.scopes.count("sds.own."));
  send("2", pair("own", other_, other_));
  EXPECT_EQ(slot->current()->certificates.at(0).chain_pem, other_.certificate_pem());
  EXPECT_EQ(slot->factory_stats->local<TlsFactoryStats>(StatsScope::kMainThread)
                .ssl_context_update_by_sds.value(),
            2u);
}

TEST_F(SecretsTest, ABadSecretIsRejectedAndTheLastGoodOneStays) {
  auto slot = context_of("own");
  send("1", pair("own", leaf_, leaf_));
  auto good = slot->current();
  server.last().sent.clear();
  send("2", pair("own", other_, leaf_));
  EXPECT_EQ(slot->current(), good);
  auto nack = server.request();
  EXPECT_EQ(nack.version_info(), "1");
  EXPECT_THAT(nack.error_detail().message(),
              HasSubstr("secret(s) own: tls_certificate.private_key: the key of <inline> does not "
                        "belong to the certificate"));
  const LedgerEntry& entry = ledger.entries(kSecretType)->at("own");
  EXPECT_NE(entry.active(), nullptr);
  ASSERT_NE(entry.rejected(), nullptr);
  EXPECT_THAT(entry.rejected()->body, Not(HasSubstr("PRIVATE")));
  Secret empty;
  empty.set_name("own");
  send("3", empty);
  EXPECT_THAT(server.request().error_detail().message(), HasSubstr("own: "));
}

TEST_F(SecretsTest, OfTheSameSourceAreSharedAndEndWithTheirContexts) {
  auto first = context_of("own");
  auto second = context_of("own");
  EXPECT_EQ(server.calls(), 1u);
  EXPECT_THAT(server.request().resource_names(), ElementsAre("own"));
  send("1", pair("own", leaf_, leaf_));
  EXPECT_NE(first->current(), nullptr);
  EXPECT_NE(second->current(), nullptr);
  auto third = context_of("own");  // it is there: no wait
  EXPECT_NE(third->current(), nullptr);
  server.last().sent.clear();
  first.reset();
  second.reset();
  third.reset();
  auto other = context_of("other");
  EXPECT_THAT(server.request().resource_names(), ElementsAre("other"));
}

TEST_F(SecretsTest, TheWaitEndsWithTheTimeout) {
  auto slot = context_of("own");
  clock.advance(std::chrono::seconds(15));
  EXPECT_TRUE(init_->is_ready());
  EXPECT_EQ(slot->current(), nullptr);
  auto late = context_of("own");
  EXPECT_TRUE(init_->is_ready());
}

TEST_F(SecretsTest, MayOutliveTheirSource) {
  auto contexts = std::make_unique<TlsSecrets>();
  auto own_sources = std::make_unique<ConfigSources>(
      ConfigSourcesParts{environment, server, clock, ledger, nullptr, {}});
  auto own = std::make_unique<Secrets>(*contexts, *own_sources, reader_, stats, ledger);
  environment.tls = contexts.get();
  auto slot = context_of("own");
  own.reset();
  own_sources.reset();
}

TEST(RedactSecret, HidesKeys) {
  Secret secret;
  secret.mutable_tls_certificate()->mutable_private_key()->set_inline_string("KEY");
  secret.mutable_tls_certificate()->mutable_password()->set_inline_bytes("KEY");
  secret.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_string("CHAIN");
  google::protobuf::Any any;
  any.PackFrom(secret);
  EXPECT_THAT(redact_secret(any).value(), Not(HasSubstr("KEY")));
  EXPECT_THAT(redact_secret(any).value(), HasSubstr("CHAIN"));
  secret.mutable_session_ticket_keys()->add_keys()->set_inline_string("KEY");
  any.PackFrom(secret);
  EXPECT_THAT(redact_secret(any).value(), Not(HasSubstr("KEY")));
  any.set_value("\xffKEY");
  EXPECT_THAT(redact_secret(any).value(), IsEmpty());
}

}  // namespace
}  // namespace outrigger::xds
