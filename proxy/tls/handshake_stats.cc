#include "proxy/tls/handshake_stats.h"

#include <iterator>

#include "fmt/format.h"

namespace outrigger::tls {
namespace {

struct OneCounter {
  Counter value;
};

// Every name that a counter may have; what OpenSSL can negotiate beyond them is "unknown".
constexpr const char* kNames[] = {
    "unknown", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3",
    // ciphers
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-SHA",
    "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384",
    "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "AES128-SHA256",
    "AES256-SHA256",
    // curves
    "X25519", "X448", "P-256", "P-384", "P-521",
    // signature algorithms
    "rsa_pkcs1_sha1", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512", "ecdsa_sha1",
    "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512",
    "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512", "ed25519"};

// A layout outlives every scope, so there is one for each name, for good.
struct NamedLayout {
  StatField field;
  StatsLayout layout;
};

const std::vector<NamedLayout>& layouts() {
  static const auto& kLayouts = *[] {
    auto* made = new std::vector<NamedLayout>(
        std::size(kNames), NamedLayout{{"", StatKind::counter, 0}, {{}, nullptr, nullptr}});
    for (size_t i = 0; i < made->size(); ++i) {
      NamedLayout& named = (*made)[i];
      named.field.name = kNames[i];
      named.layout.fields = {&named.field, 1};
      named.layout.create = [] { return static_cast<void*>(new OneCounter); };
      named.layout.destroy = [](void* counter) { delete static_cast<OneCounter*>(counter); };
    }
    return made;
  }();
  return kLayouts;
}

const NamedLayout& layout_of(std::string_view name) {
  for (const NamedLayout& named : layouts()) {
    if (named.field.name == name) return named;
  }
  return layouts().front();
}

std::string_view curve_name(int nid) {
  switch (nid) {
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

constexpr std::string_view kGroups[] = {"versions", "ciphers", "curves", "sigalgs"};

}  // namespace

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
  if (int curve = static_cast<int>(SSL_get_negotiated_group(ssl)); curve != NID_undef)
    count(Group::curves, curve_name(curve));
  // A resumed session has no signature of its own.
  std::string_view sigalg = SSL_session_reused(ssl) == 1 ? "" : sigalg_name(ssl);
  if (!sigalg.empty()) count(Group::sigalgs, sigalg);
}

void HandshakeStats::count(Group group, std::string_view name) {
  const NamedLayout& layout = layout_of(name);
  for (Named& named : named_) {
    if (named.group == group && named.name == layout.field.name) {
      named.counter->inc();
      return;
    }
  }
  std::string_view below = kGroups[static_cast<size_t>(group)];
  StatsScopePtr scope = registry_->scope(fmt::format("{}{}.", scope_->prefix(), below),
                                         fmt::format("{}{}.", scope_->extracted_prefix(), below),
                                         scope_->tags(), layout.layout);
  Counter& counter = scope->local<OneCounter>(worker_).value;
  counter.inc();
  named_.push_back({group, layout.field.name, &counter, std::move(scope)});
}

}  // namespace outrigger::tls
