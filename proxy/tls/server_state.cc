#include "proxy/tls/server_state.h"

#include "fmt/format.h"
#include <openssl/err.h>
#include <openssl/sha.h>

#include "proxy/tls/certificate_info.h"
#include "proxy/tls/context_settings.h"

namespace outrigger::tls {
namespace {

// BoringSSL's default; a ticket that is older is not taken.
constexpr std::chrono::seconds kSessionTimeout{7200};
// Sessions that are kept by id, for clients without tickets: a few KB each.
constexpr long kMaxCachedSessions = 1024;

int curve_of(X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return NID_undef;
  char group[64] = {};
  size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1) return NID_undef;
  return OBJ_sn2nid(group);
}

// Length before content, so that no two lists hash alike.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(std::string_view text) {
    uint64_t size = text.size();
    EVP_DigestUpdate(context_.get(), &size, sizeof size);
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
  }
  std::string finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest, &size);
    return {reinterpret_cast<char*>(digest), size};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context_;
};

void add_validation(const config::TlsValidation& validation, Digest& digest) {
  digest.add(validation.ca_pem);
  digest.add(validation.crl_pem);
  for (const config::SanMatcher& san : validation.sans) {
    digest.add(fmt::format("{} {} {} {}", static_cast<int>(san.type), san.oid,
                           static_cast<int>(san.matcher.kind), san.matcher.ignore_case));
    digest.add(san.matcher.regex == nullptr ? san.matcher.text
                                            : std::string(san.matcher.regex->pattern()));
  }
  for (const std::string& hash : validation.certificate_hashes) digest.add(hash);
  digest.add("spki");
  for (const std::string& hash : validation.spki_hashes) digest.add(hash);
  digest.add(fmt::format("{} {} {} {}", validation.accept_untrusted, validation.allow_expired,
                         validation.only_verify_leaf_crl,
                         validation.max_verify_depth.value_or(0xffffffff)));
}

}  // namespace

ServerState::ServerState(config::TlsContextPtr context, unsigned worker)
    : context_(std::move(context)),
      stats_(*context_, worker),
      tickets_(*context_),
      alpn_(alpn_wire(context_->alpn)) {}

absl::StatusOr<std::shared_ptr<ServerState>> ServerState::create(config::TlsContextPtr context,
                                                                 unsigned worker) {
  std::shared_ptr<ServerState> state(new ServerState(std::move(context), worker));
  const config::TlsContext& from = *state->context_;
  auto verifier = PeerVerifier::create(from, PeerVerifier::Side::server);
  if (!verifier.ok()) {
    return absl::InvalidArgumentError("common_tls_context.validation_context." +
                                      std::string(verifier.status().message()));
  }
  state->verifier_ = *std::move(verifier);
  for (size_t i = 0; i < from.certificates.size(); ++i) {
    if (absl::Status status = state->add_certificate(from.certificates[i]); !status.ok()) {
      bool certificate = status.code() == absl::StatusCode::kInvalidArgument;
      return absl::InvalidArgumentError(fmt::format(
          "common_tls_context.{}{}", certificate ? fmt::format("tls_certificates[{}].", i) : "",
          std::string(status.message())));
    }
  }
  if (state->certificates_.empty())
    return absl::InvalidArgumentError(
        "common_tls_context: no TLS certificates found for server context");
  state->choice_ = std::make_unique<CertificateChoice>(from, state->certificates_);
  state->set_session_id_context();
  return state;
}

// A problem of the settings, not of the certificate, is FailedPrecondition.
absl::Status ServerState::add_certificate(const config::TlsCertificate& from) {
  auto ctx = make_ssl_ctx(*context_, true);
  if (!ctx.ok()) return absl::FailedPreconditionError(ctx.status().message());
  auto pair = parse_key_pair(from);
  if (!pair.ok()) return pair.status();
  if (absl::Status status = use_key_pair(ctx->get(), *pair); !status.ok()) {
    return absl::InvalidArgumentError("certificate_chain: " + std::string(status.message()));
  }
  ServerCertificate certificate;
  certificate.ecdsa_curve = curve_of(pair->leaf.get());
  certificate.must_staple = must_staple(pair->leaf.get());
  if (!from.ocsp_staple.empty()) {
    auto staple = OcspStaple::parse(from.ocsp_staple, pair->leaf.get());
    if (!staple.ok())
      return absl::InvalidArgumentError("ocsp_staple: " + std::string(staple.status().message()));
    certificate.staple = *std::move(staple);
  } else if (context_->ocsp == config::OcspPolicy::must_staple) {
    return absl::InvalidArgumentError(
        "ocsp_staple: required OCSP response is missing from TLS context");
  } else if (certificate.must_staple) {
    return absl::InvalidArgumentError(
        "ocsp_staple: OCSP response is required for must-staple certificate");
  }
  certificate.leaf = std::move(pair->leaf);
  certificate.ctx = *std::move(ctx);
  set_up(certificate.ctx.get());
  certificates_.push_back(std::move(certificate));
  return absl::OkStatus();
}

void ServerState::set_up(SSL_CTX* ctx) {
  SSL_CTX_set_app_data(ctx, this);
  verifier_->install(ctx);
  if (!context_->prefer_client_ciphers) SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_client_hello_cb(ctx, &ServerState::on_hello, this);
  if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(ctx, &ServerState::on_alpn, this);
  SSL_CTX_set_tlsext_status_cb(ctx, &ServerState::on_ocsp);
  SSL_CTX_set_tlsext_status_arg(ctx, this);
  SSL_CTX_set_timeout(
      ctx, static_cast<long>(context_->session_timeout.value_or(kSessionTimeout).count()));
  if (context_->stateless_resumption) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, &ServerState::on_ticket);
  } else {
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  }
  SSL_CTX_set_session_cache_mode(
      ctx, context_->stateful_resumption ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
  SSL_CTX_sess_set_cache_size(ctx, kMaxCachedSessions);
  if (!context_->stateless_resumption && !context_->stateful_resumption)
    SSL_CTX_set_num_tickets(ctx, 0);
}

// A session may be resumed only where the client would have to prove the same again. A renewed
// certificate of the same names does not end sessions.
void ServerState::set_session_id_context() {
  Digest digest;
  for (const ServerCertificate& certificate : certificates_) {
    for (const SubjectName& name : subject_names(certificate.leaf.get())) digest.add(name.text);
    digest.add(subject_text(certificate.leaf.get()));
  }
  digest.add(context_->require_client_certificate ? "required" : "optional");
  if (context_->validation) add_validation(*context_->validation, digest);
  std::string id = digest.finish();
  for (const ServerCertificate& certificate : certificates_) {
    SSL_CTX_set_session_id_context(certificate.ctx.get(),
                                   reinterpret_cast<const unsigned char*>(id.data()),
                                   static_cast<unsigned>(id.size()));
  }
}

SslPtr ServerState::make_ssl() const {
  SslPtr ssl(SSL_new(certificates_.front().ctx.get()));
  if (ssl != nullptr) SSL_set_accept_state(ssl.get());
  return ssl;
}

std::shared_ptr<const CertificateInfo> ServerState::local_certificate(SSL* ssl) {
  for (ServerCertificate& certificate : certificates_) {
    if (certificate.ctx.get() != SSL_get_SSL_CTX(ssl)) continue;
    if (certificate.info == nullptr) {
      certificate.info =
          std::make_shared<const CertificateInfo>(describe_certificate({certificate.leaf.get()}));
    }
    return certificate.info;
  }
  return nullptr;
}

ServerState& ServerState::of(SSL* ssl) {
  return *static_cast<ServerState*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
}

int ServerState::on_hello(SSL* ssl, int* alert, void* self) {
  auto& state = *static_cast<ServerState*>(self);
  ClientHello hello = read_client_hello(ssl);
  CertificateChoice::Choice choice = state.choice_->choose(hello);
  TlsStats& stats = state.stats();
  if (hello.wants_ocsp) stats.ocsp_staple_requests.inc();
  switch (choice.staple) {
    case StapleAction::staple:
      stats.ocsp_staple_responses.inc();
      break;
    case StapleAction::omit:
      stats.ocsp_staple_omitted.inc();
      break;
    case StapleAction::fail:
      stats.ocsp_staple_failed.inc();
      *alert = SSL_AD_HANDSHAKE_FAILURE;
      return SSL_CLIENT_HELLO_ERROR;
    case StapleAction::not_asked:
      break;
  }
  if (choice.certificate->ctx.get() != SSL_get_SSL_CTX(ssl))
    SSL_set_SSL_CTX(ssl, choice.certificate->ctx.get());
  return SSL_CLIENT_HELLO_SUCCESS;
}

int ServerState::on_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* in, unsigned in_size, void* self) {
  const std::string& ours = static_cast<ServerState*>(self)->alpn_;
  unsigned char* chosen = nullptr;
  int result =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned>(ours.size()), in, in_size);
  // Without a name in common the handshake goes on without ALPN.
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int ServerState::on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                           EVP_MAC_CTX* mac, int encrypt) {
  constexpr int kGood = 1, kGoodAndRenew = 2;
  int result = of(ssl).tickets_.use(name, iv, cipher, mac, encrypt == 1);
  // A ticket of TLS 1.3 is used once: the client needs another one for its next connection.
  bool used_up = encrypt == 0 && result == kGood && SSL_version(ssl) == TLS1_3_VERSION;
  return used_up ? kGoodAndRenew : result;
}

int ServerState::on_ocsp(SSL* ssl, void* self) {
  const auto& state = *static_cast<ServerState*>(self);
  for (const ServerCertificate& certificate : state.certificates_) {
    if (certificate.ctx.get() != SSL_get_SSL_CTX(ssl) || !certificate.staple.valid_now()) continue;
    const std::string& der = certificate.staple.der();
    void* copy = OPENSSL_memdup(der.data(), der.size());  // OpenSSL frees it
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(der.size()));
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace outrigger::tls
