#include "proxy/tls/peer_verifier.h"

#include <algorithm>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include <openssl/err.h>
#include <openssl/pem.h>

#include "proxy/tls/certificate_info.h"
#include "proxy/tls/error_text.h"
#include "proxy/tls/key_pair.h"
#include "proxy/tls/san_match.h"

namespace outrigger::tls {
namespace {

absl::Status invalid(std::string text) {
  return absl::InvalidArgumentError(std::move(text));
}

// The revocation lists among the PEM objects of a text.
std::vector<X509CrlPtr> parse_revocations(const std::string& pem) {
  std::vector<X509CrlPtr> all;
  BioPtr bio = memory_bio(pem);
  STACK_OF(X509_INFO)* items = PEM_X509_INFO_read_bio(bio.get(), nullptr, nullptr, nullptr);
  while (items != nullptr && sk_X509_INFO_num(items) > 0) {
    X509_INFO* item = sk_X509_INFO_shift(items);
    if (item->crl != nullptr) {
      all.emplace_back(item->crl);
      item->crl = nullptr;
    }
    X509_INFO_free(item);
  }
  sk_X509_INFO_free(items);
  ERR_clear_error();
  return all;
}

unsigned long crl_flags(const config::TlsValidation& from) {
  return from.only_verify_leaf_crl ? X509_V_FLAG_CRL_CHECK
                                   : X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
}

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> texts_of(const std::vector<SubjectName>& names) {
  std::vector<std::string> texts;
  for (const SubjectName& name : names) texts.push_back(name.text);
  return texts;
}

std::string time_text(const ASN1_TIME* time) {
  auto seconds = std::chrono::system_clock::to_time_t(time_of(time));
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

// What went wrong with a chain, about which certificate.
std::string chain_sentence(X509_STORE_CTX* chain) {
  int error = X509_STORE_CTX_get_error(chain);
  X509* at = X509_STORE_CTX_get_current_cert(chain);
  std::string whose = at == nullptr ? "" : fmt::format(" ('{}')", subject_text(at));
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("the peer's certificate{} expired at {}", whose,
                         at == nullptr ? "an unknown time" : time_text(X509_get0_notAfter(at)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("the peer's certificate{} is not valid before {}", whose,
                         at == nullptr ? "an unknown time" : time_text(X509_get0_notBefore(at)));
    case X509_V_ERR_CERT_REVOKED:
      return fmt::format("the peer's certificate{} is revoked", whose);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return fmt::format("the peer's certificate{} was issued by an unknown authority", whose);
    default:
      return fmt::format("the peer's certificate{} was refused: {}", whose,
                         X509_verify_cert_error_string(error));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PeerVerifier>> PeerVerifier::create(
    const config::TlsContext& context, Side side) {
  std::unique_ptr<PeerVerifier> made(new PeerVerifier);
  made->side_ = side;
  made->store_.reset(X509_STORE_new());
  made->enforce_rsa_key_usage_ = context.enforce_rsa_key_usage;
  if (context.validation) {
    const config::TlsValidation& from = *context.validation;
    if (absl::Status status = made->load_authorities(from); !status.ok()) return status;
    if (absl::Status status = made->load_revocations(from); !status.ok()) return status;
    made->settings_ = from;
    made->settings_.ca_pem = made->settings_.crl_pem = std::string();
    made->matches_ =
        !from.sans.empty() || !from.certificate_hashes.empty() || !from.spki_hashes.empty();
    if (made->trusts_ca_ || made->matches_ || from.accept_untrusted) made->mode_ = SSL_VERIFY_PEER;
    // Envoy: names and fingerprints need a certificate, an authority alone does not.
    if (made->matches_ && !from.accept_untrusted) made->mode_ |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  if (side == Side::server && context.require_client_certificate)
    made->mode_ = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  return made;
}

absl::Status PeerVerifier::load_authorities(const config::TlsValidation& from) {
  if (from.ca_pem.empty()) return absl::OkStatus();
  auto authorities = parse_certificates(from.ca_pem);
  if (!authorities.ok()) {
    return invalid(fmt::format("trusted_ca: failed to load trusted CA certificates from {}: {}",
                               from.ca_source, std::string(authorities.status().message())));
  }
  authorities_ = std::move(*authorities);
  for (const X509Ptr& authority : authorities_) X509_STORE_add_cert(store_.get(), authority.get());
  // As Envoy: an intermediate authority is trusted by itself.
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (from.allow_expired) X509_STORE_set_flags(store_.get(), X509_V_FLAG_NO_CHECK_TIME);
  trusts_ca_ = true;
  return absl::OkStatus();
}

// Lists may stand beside the authorities as well.
absl::Status PeerVerifier::load_revocations(const config::TlsValidation& from) {
  for (const std::string* pem : {&from.ca_pem, &from.crl_pem}) {
    if (pem->empty()) continue;
    std::vector<X509CrlPtr> lists = parse_revocations(*pem);
    if (lists.empty() && pem == &from.crl_pem) return invalid("crl: failed to load CRL");
    for (const X509CrlPtr& list : lists) X509_STORE_add_crl(store_.get(), list.get());
    if (!lists.empty()) X509_STORE_set_flags(store_.get(), crl_flags(from));
  }
  return absl::OkStatus();
}

void PeerVerifier::install(SSL_CTX* ctx) const {
  SSL_CTX_set_verify(ctx, mode_, nullptr);
  SSL_CTX_set1_cert_store(ctx, store_.get());
  SSL_CTX_set_cert_verify_callback(ctx, &PeerVerifier::on_verify, const_cast<PeerVerifier*>(this));
  // OpenSSL counts the certificates between leaf and anchor, Envoy the anchor as well.
  if (settings_.max_verify_depth && *settings_.max_verify_depth > 0)
    SSL_CTX_set_verify_depth(ctx, static_cast<int>(*settings_.max_verify_depth) - 1);
  if (side_ != Side::server || mode_ == SSL_VERIFY_NONE) return;
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  for (const X509Ptr& authority : authorities_)
    sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(authority.get())));
  SSL_CTX_set_client_CA_list(ctx, names);
}

int PeerVerifier::on_verify(X509_STORE_CTX* chain, void* self) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* check = static_cast<PeerCheck*>(SSL_get_app_data(ssl));
  const auto& verifier = *static_cast<const PeerVerifier*>(self);
  if (verifier.verify(ssl, chain, *check)) return 1;
  // The result stays on record, so that the connection does not count as validated.
  if (!verifier.settings_.accept_untrusted) return 0;
  check->failure.clear();
  return 1;
}

bool PeerVerifier::verify(SSL* ssl, X509_STORE_CTX* chain, PeerCheck& check) const {
  if (trusts_ca_ && !verify_chain(chain, check)) {
    check.stats->fail_verify_error.inc();
    return false;
  }
  int error = X509_V_OK;
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  bool good = verify_leaf(leaf, check, error);
  if (good && !key_usage_allows(ssl, leaf, check)) {
    error = X509_V_ERR_INVALID_PURPOSE;
    check.stats->fail_verify_error.inc();
    good = false;
  }
  X509_STORE_CTX_set_error(chain, error);
  return good;
}

bool PeerVerifier::verify_chain(X509_STORE_CTX* chain, PeerCheck& check) const {
  if (X509_verify_cert(chain) != 1) {
    check.failure = chain_sentence(chain);
    return false;
  }
  int above_leaf = sk_X509_num(X509_STORE_CTX_get0_chain(chain)) - 1;
  if (settings_.max_verify_depth && above_leaf > static_cast<int>(*settings_.max_verify_depth)) {
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_CHAIN_TOO_LONG);
    check.failure = fmt::format("the peer's chain has {} certificates above the leaf, more than {}",
                                above_leaf, *settings_.max_verify_depth);
    return false;
  }
  return true;
}

bool PeerVerifier::verify_leaf(X509* leaf, PeerCheck& check, int& error) const {
  if (!names_match(leaf, check)) {
    error = X509_V_ERR_HOSTNAME_MISMATCH;
    check.stats->fail_verify_san.inc();
    return false;
  }
  if (settings_.certificate_hashes.empty() && settings_.spki_hashes.empty()) return true;
  if (has(settings_.certificate_hashes, certificate_digest(leaf)) ||
      has(settings_.spki_hashes, spki_digest(leaf)))
    return true;
  check.failure =
      fmt::format("the certificate '{}' has none of the expected fingerprints", subject_text(leaf));
  error = X509_V_ERR_CERT_REJECTED;
  check.stats->fail_verify_cert_hash.inc();
  return false;
}

// Whether a server may use its RSA key as the cipher does; OpenSSL does not ask. As BoringSSL: in
// TLS 1.3 always, below if the configuration wants it.
bool PeerVerifier::key_usage_allows(SSL* ssl, X509* leaf, PeerCheck& check) const {
  EVP_PKEY* key = X509_get0_pubkey(leaf);
  const SSL_CIPHER* cipher = SSL_get_pending_cipher(ssl);
  if (side_ != Side::client || key == nullptr || cipher == nullptr ||
      EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
    return true;
  if (SSL_version(ssl) < TLS1_3_VERSION && !enforce_rsa_key_usage_) return true;
  bool encrypts = SSL_CIPHER_get_kx_nid(cipher) == NID_kx_rsa;
  uint32_t needed = encrypts ? KU_KEY_ENCIPHERMENT : KU_DIGITAL_SIGNATURE;
  if ((X509_get_key_usage(leaf) & needed) != 0) return true;  // without the extension: all bits
  check.failure = fmt::format("the key usage of the certificate '{}' does not allow {}",
                              subject_text(leaf), encrypts ? "encryption" : "signatures");
  return false;
}

bool PeerVerifier::names_match(X509* leaf, PeerCheck& check) const {
  if (check.names.empty() && settings_.sans.empty()) return true;
  std::vector<SubjectName> names = subject_names(leaf);
  bool good = check.names.empty() ? any_name_matches(names, settings_.sans)
                                  : any_name_is(names, check.names);
  if (good) return true;
  std::string have = fmt::format("{}", fmt::join(texts_of(names), ", "));
  check.failure =
      check.names.empty()
          ? fmt::format("none of the certificate's names [{}] is an expected one", have)
          : fmt::format("none of the certificate's names [{}] is one of the expected [{}]", have,
                        fmt::join(check.names, ", "));
  return false;
}

bool PeerVerifier::still_valid(X509* certificate, PeerCheck& check) const {
  if (!trusts_ca_ || settings_.allow_expired || settings_.accept_untrusted) return true;
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0) return true;
  check.failure =
      fmt::format("the peer's certificate ('{}') of the resumed session expired at {}",
                  subject_text(certificate), time_text(X509_get0_notAfter(certificate)));
  check.stats->fail_verify_error.inc();
  return false;
}

}  // namespace outrigger::tls
