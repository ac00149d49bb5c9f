#include "proxy/tls/handshake_stats.h"

#include "fmt/format.h"

namespace outrigger::tls {
namespace {

// The scope's prefix is the whole name: what is counted is known only when it is seen.
struct SeenStats {
  Counter value;
  static const StatsLayout& layout() {
    static constexpr StatField kFields[] = {{"", StatKind::counter, 0}};
    static constexpr StatsLayout kLayout{
        kFields, [] { return static_cast<void*>(new SeenStats); },
        [](void* stats) { delete static_cast<SeenStats*>(stats); }};
    return kLayout;
  }
};

std::string_view curve_name(int nid) {
  switch (nid) {
    case NID_undef:
      return {};
    case NID_X25519:
      return "X25519";
    case NID_X448:
      return "X448";
    case NID_X9_62_prime256v1:
      return "P-256";
    case NID_secp384r1:
      return "P-384";
    case NID_secp521r1:
      return "P-521";
    default:
      return "unknown";
  }
}

size_t by_hash(int hash) {
  return hash == NID_sha256 ? 1 : hash == NID_sha384 ? 2 : hash == NID_sha512 ? 3 : 0;
}

// The algorithm by which the peer signed, by its name in TLS.
std::string_view sigalg_name(SSL* ssl) {
  constexpr std::string_view kPkcs1[] = {"rsa_pkcs1_sha1", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384",
                                         "rsa_pkcs1_sha512"};
  constexpr std::string_view kPss[] = {"unknown", "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384",
                                       "rsa_pss_rsae_sha512"};
  constexpr std::string_view kEcdsa[] = {"ecdsa_sha1", "ecdsa_secp256r1_sha256",
                                         "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512"};
  int type = NID_undef, hash = NID_undef;
  if (SSL_get_peer_signature_type_nid(ssl, &type) != 1) return {};
  SSL_get_peer_signature_nid(ssl, &hash);
  switch (type) {
    case EVP_PKEY_RSA:
      return kPkcs1[by_hash(hash)];
    case EVP_PKEY_RSA_PSS:
      return kPss[by_hash(hash)];
    case EVP_PKEY_EC:
      return kEcdsa[by_hash(hash)];
    case EVP_PKEY_ED25519:
      return "ed25519";
    default:
      return "unknown";
  }
}

// The names of the counters, and the tag that Envoy makes of what is counted.
struct GroupNames {
  std::string_view below, listener_tag, cluster_tag;
};
constexpr GroupNames kGroups[] = {{"versions", "envoy.ssl_version", "envoy.ssl_version"},
                                  {"ciphers", "envoy.ssl_cipher", "cipher_suite"},
                                  {"curves", "envoy.ssl_curve", "envoy.ssl_curve"},
                                  {"sigalgs", "envoy.ssl_sigalg", "envoy.ssl_sigalg"}};

}  // namespace

std::string_view group_name(SSL* ssl) {
  return curve_name(static_cast<int>(SSL_get_negotiated_group(ssl)));
}

HandshakeStats::HandshakeStats(const config::TlsContext& context, unsigned worker)
    : scope_(context.stats),
      registry_(context.registry),
      counters_(scope_->local<TlsStats>(worker)),
      worker_(worker) {}

void HandshakeStats::count(SSL* ssl) {
  counters_.handshake.inc();
  if (SSL_session_reused(ssl) == 1) counters_.session_reused.inc();
  if (SSL_get0_peer_certificate(ssl) == nullptr) counters_.no_certificate.inc();
  if (registry_ == nullptr) return;
  count(Group::versions, SSL_get_version(ssl));
  count(Group::ciphers, SSL_get_cipher_name(ssl));
  if (std::string_view curve = group_name(ssl); !curve.empty()) count(Group::curves, curve);
  // A resumed session has no signature of its own.
  std::string_view sigalg = SSL_session_reused(ssl) == 1 ? "" : sigalg_name(ssl);
  if (!sigalg.empty()) count(Group::sigalgs, sigalg);
}

void HandshakeStats::count(Group group, std::string_view name) {
  for (Named& named : named_) {
    if (named.group == group && named.name == name) {
      named.counter->inc();
      return;
    }
  }
  const GroupNames& names = kGroups[static_cast<size_t>(group)];
  bool cluster = scope_->prefix().starts_with("cluster.");
  std::vector<StatTag> tags = scope_->tags();
  tags.push_back(
      {std::string(cluster ? names.cluster_tag : names.listener_tag), std::string(name)});
  StatsScopePtr scope = registry_->scope<SeenStats>(
      fmt::format("{}{}.{}", scope_->prefix(), names.below, name),
      fmt::format("{}{}", scope_->extracted_prefix(), names.below), std::move(tags));
  Counter& counter = scope->local<SeenStats>(worker_).value;
  counter.inc();
  named_.push_back({group, std::string(name), &counter, std::move(scope)});
}

}  // namespace outrigger::tls
