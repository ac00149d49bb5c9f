#include "xds/compile_tls.h"

#include <filesystem>
#include <fstream>

#include "google/protobuf/text_format.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/stats_tls.h"
#include "proxy/tls/inspect.h"
#include "test/unit/support/certificates.h"
#include "test/unit/xds/load_helpers.h"

namespace outrigger::xds {
namespace {

using envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext;
using envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;
using test::Certified;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Directories whose changes a test tells of.
class FakeWatcher final : public DirectoryWatcher {
 public:
  std::unique_ptr<Watch> watch(const std::string& directory,
                               std::function<void()> changed) override {
    auto entry = std::make_shared<std::function<void()>>(std::move(changed));
    watched.emplace(directory, entry);
    return std::make_unique<Kept>(std::move(entry));
  }
  void change(const std::string& directory) {
    auto [begin, end] = watched.equal_range(directory);
    for (auto it = begin; it != end; ++it) {
      if (auto call = it->second.lock()) (*call)();
    }
  }
  std::multimap<std::string, std::weak_ptr<std::function<void()>>> watched;

 private:
  struct Kept final : Watch {
    explicit Kept(std::shared_ptr<std::function<void()>> c) : call(std::move(c)) {}
    std::shared_ptr<std::function<void()>> call;
  };
};

class CompileTls : public ::testing::Test {
 protected:
  CompileTls() {
    std::string name = (std::filesystem::temp_directory_path() / "outrigger_tls_XXXXXX").string();
    directory_ = mkdtemp(name.data());
    environment_.tls = &secrets_;
  }
  ~CompileTls() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  absl::StatusOr<config::TlsContextSlotPtr> downstream(const std::string& text) {
    DownstreamTlsContext message;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    return compile_downstream_tls(message, environment_, place_);
  }
  absl::StatusOr<config::TlsContextSlotPtr> upstream(const std::string& text) {
    UpstreamTlsContext message;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
    return compile_upstream_tls(message, environment_, place_);
  }
  template <class T>
  static std::string error_of(const absl::StatusOr<T>& result) {
    return result.ok() ? "no error" : std::string(result.status().message());
  }
  static std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (char c : text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
    return out + "\"";
  }
  static std::string inline_pair(const Certified& certified) {
    return "certificate_chain { inline_string: " + quoted(certified.certificate_pem()) +
           " } private_key { inline_string: " + quoted(certified.key_pem()) + " }";
  }
  // A context whose pair is watched in the test's directory.
  std::string watched_pair() {
    return "common_tls_context { tls_certificates { certificate_chain { filename: " +
           quoted(directory_ + "/cert.pem") +
           " } private_key { filename: " + quoted(directory_ + "/key.pem") +
           " } watched_directory { path: " + quoted(directory_) + " } } }";
  }
  void write_pair(const Certified& certified) {
    write("cert.pem", certified.certificate_pem());
    write("key.pem", certified.key_pem());
  }
  uint64_t factory_count(const config::TlsContextSlot& slot, Counter TlsFactoryStats::*counter) {
    return (slot.factory_stats->local<TlsFactoryStats>(StatsScope::kMainThread).*counter).value();
  }

  std::string directory_;
  testing::KeepingRegistry stats_;
  config::ClusterSlots slots_;
  FakeWatcher watcher_;
  std::vector<std::string> log_;
  TlsSecrets secrets_{{&watcher_,
                       [](const config::TlsContext& context,
                          TlsSide side) -> absl::StatusOr<std::vector<TlsCertificateFact>> {
                         absl::Status status = tls::check(context, side == TlsSide::downstream);
                         if (!status.ok()) return status;
                         std::vector<TlsCertificateFact> facts;
                         for (const auto& one : tls::summarize(context).certificates)
                           facts.push_back({one.name, one.expires});
                         return facts;
                       },
                       [this](bool, const std::string& text) { log_.push_back(text); }, nullptr}};
  CompileEnvironment environment_{stats_, slots_};
  TlsStatPlace place_{"listener.x.", "listener.", {}};
  Certified root_ = Certified::authority("root");
  Certified leaf_ = root_.leaf({"DNS:a.example"});
};

TEST_F(CompileTls, TakesEveryParameter) {
  auto slot = downstream("common_tls_context { tls_certificates { " + inline_pair(leaf_) +
                         " } alpn_protocols: 'h2,http/1.1' tls_params { "
                         "tls_minimum_protocol_version: TLSv1_2 tls_maximum_protocol_version: "
                         "TLSv1_3 cipher_suites: 'ECDHE-ECDSA-AES128-GCM-SHA256' ecdh_curves: "
                         "'P-256' signature_algorithms: 'ecdsa_secp256r1_sha256' } } "
                         "require_client_certificate { value: true } session_timeout { seconds: 60 "
                         "} ocsp_staple_policy: STRICT_STAPLING prefer_client_ciphers: true "
                         "disable_stateful_session_resumption: true "
                         "disable_stateless_session_resumption: true");
  ASSERT_TRUE(slot.ok()) << error_of(slot);
  config::TlsContextPtr context = (*slot)->current();
  ASSERT_NE(context, nullptr);
  EXPECT_THAT(context->alpn, ElementsAre("h2", "http/1.1"));
  EXPECT_EQ(context->min_version, config::TlsVersion::tls1_2);
  EXPECT_TRUE(context->require_client_certificate);
  EXPECT_EQ(context->session_timeout, std::chrono::seconds(60));
  EXPECT_EQ(context->ocsp, config::OcspPolicy::strict);
  EXPECT_FALSE(context->stateless_resumption);
  EXPECT_FALSE(context->stateful_resumption);
  EXPECT_EQ(context->stats->prefix(), "listener.x.ssl.");
}

TEST_F(CompileTls, NamesWhatIsWrong) {
  std::string pair = "common_tls_context { tls_certificates { " + inline_pair(leaf_) + " } ";
  EXPECT_THAT(error_of(downstream("")), HasSubstr("no TLS certificates found"));
  EXPECT_THAT(error_of(downstream(pair + "tls_params { cipher_suites: 'NO-SUCH' } }")),
              HasSubstr("common_tls_context.tls_params.cipher_suites: failed to initialize cipher "
                        "suites NO-SUCH. The following ciphers were rejected when tried "
                        "individually: NO-SUCH"));
  EXPECT_THAT(error_of(downstream(pair + "tls_params { ecdh_curves: 'P-1' } }")),
              HasSubstr("failed to initialize ECDH curves P-1"));
  EXPECT_THAT(error_of(downstream(pair + "} require_sni { value: true }")),
              HasSubstr("require_sni: true is not supported"));
  Certified other = root_.leaf({});
  EXPECT_THAT(
      error_of(downstream("common_tls_context { tls_certificates { certificate_chain { "
                          "inline_string: " +
                          quoted(leaf_.certificate_pem()) +
                          " } private_key { inline_string: " + quoted(other.key_pem()) + " } } }")),
      HasSubstr("common_tls_context.tls_certificates[0].private_key: the key of <inline> "
                "does not belong to the certificate"));
  EXPECT_THAT(
      error_of(downstream("common_tls_context { tls_certificates { certificate_chain { filename: "
                          "'/nowhere' } private_key { inline_string: 'x' } } }")),
      HasSubstr("common_tls_context.tls_certificates[0].certificate_chain.filename: unable to read "
                "file '/nowhere'"));
  EXPECT_THAT(error_of(downstream(pair + "} session_ticket_keys { keys { inline_string: 'x' } }")),
              HasSubstr("session_ticket_keys.keys[0]: incorrect TLS session ticket key length. "
                        "Length 1, expected length 80."));
}

TEST_F(CompileTls, RefusesVerificationThatIsNone) {
  EXPECT_THAT(error_of(upstream("common_tls_context { validation_context { "
                                "match_typed_subject_alt_names { san_type: DNS matcher { exact: "
                                "'a' } } } }")),
              HasSubstr("without trusted CA is insecure"));
  EXPECT_THAT(error_of(upstream("auto_sni_san_validation: true common_tls_context {}")),
              HasSubstr("auto_sni_san_validation"));
  EXPECT_THAT(error_of(upstream("common_tls_context { validation_context { "
                                "verify_certificate_hash: 'zz' } }")),
              HasSubstr("verify_certificate_hash[0]: invalid hex-encoded SHA-256 zz"));
}

TEST_F(CompileTls, FindsStaticSecretsByName) {
  TlsSecret secret;
  secret.set_name("own");
  secret.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_string(
      leaf_.certificate_pem());
  secret.mutable_tls_certificate()->mutable_private_key()->set_inline_string(leaf_.key_pem());
  secrets_.set_static(secret);
  auto slot =
      downstream("common_tls_context { tls_certificate_sds_secret_configs { name: 'own' } }");
  ASSERT_TRUE(slot.ok()) << error_of(slot);
  EXPECT_EQ((*slot)->current()->certificates.front().name, "own");
  EXPECT_THAT(error_of(downstream(
                  "common_tls_context { tls_certificate_sds_secret_configs { name: 'other' } }")),
              HasSubstr("unknown static secret: 'other'"));
  EXPECT_THAT(error_of(downstream("common_tls_context { tls_certificate_sds_secret_configs { name: "
                                  "'x' sds_config { ads {} } } }")),
              HasSubstr("management server"));
}

TEST_F(CompileTls, PutsARenewedPairInForce) {
  write_pair(leaf_);
  auto slot = downstream(watched_pair());
  ASSERT_TRUE(slot.ok()) << error_of(slot);
  uint64_t version = (*slot)->version();
  watcher_.change(directory_);
  EXPECT_EQ((*slot)->version(), version);  // nothing changed

  Certified renewed = root_.leaf({"DNS:a.example"});
  write("cert.pem", renewed.certificate_pem());
  watcher_.change(directory_);
  EXPECT_EQ((*slot)->version(), version);  // half of it
  EXPECT_EQ(factory_count(**slot, &TlsFactoryStats::ssl_context_update_rejected), 1u);
  EXPECT_THAT(log_.back(), HasSubstr("the last good one stays in force"));

  write("key.pem", renewed.key_pem());
  watcher_.change(directory_);
  EXPECT_GT((*slot)->version(), version);
  EXPECT_EQ((*slot)->current()->certificates.front().chain_pem, renewed.certificate_pem());
  EXPECT_EQ(factory_count(**slot, &TlsFactoryStats::ssl_context_update_by_sds), 1u);
}

TEST_F(CompileTls, ReadsSecretsFromAFileAndFollowsIt) {
  write_pair(leaf_);
  std::string secret = R"(resources:
- "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
  name: own
  tls_certificate:
    certificate_chain: {filename: )" +
                       directory_ + R"(/cert.pem}
    private_key: {filename: )" +
                       directory_ + "/key.pem}\n";
  std::string path = write("sds.yaml", "resources: []\n");
  auto slot = downstream(
      "common_tls_context { tls_certificate_sds_secret_configs { name: 'own' sds_config { "
      "path_config_source { path: " +
      quoted(path) + " } } } }");
  ASSERT_TRUE(slot.ok()) << error_of(slot);
  EXPECT_EQ((*slot)->current(), nullptr);
  write("sds.yaml", secret);
  watcher_.change(directory_);
  ASSERT_NE((*slot)->current(), nullptr);
  EXPECT_EQ((*slot)->current()->certificates.front().chain_pem, leaf_.certificate_pem());
  write("sds.yaml", "not yaml: [");
  watcher_.change(directory_);
  EXPECT_NE((*slot)->current(), nullptr);
}

TEST_F(CompileTls, MergesTheDefaultValidation) {
  TlsSecret secret;
  secret.set_name("ca");
  secret.mutable_validation_context()->mutable_trusted_ca()->set_inline_string(
      root_.certificate_pem());
  secrets_.set_static(secret);
  auto slot = upstream(
      "sni: 'a.example' common_tls_context { combined_validation_context { "
      "default_validation_context { match_typed_subject_alt_names { san_type: URI matcher { "
      "prefix: 'spiffe://td/' } } } validation_context_sds_secret_config { name: 'ca' } } }");
  ASSERT_TRUE(slot.ok()) << error_of(slot);
  const config::TlsValidation& validation = *(*slot)->current()->validation;
  EXPECT_EQ(validation.ca_pem, root_.certificate_pem());
  ASSERT_EQ(validation.sans.size(), 1u);
  EXPECT_EQ(validation.sans[0].type, config::SanMatcher::Type::uri);
}

}  // namespace
}  // namespace outrigger::xds
