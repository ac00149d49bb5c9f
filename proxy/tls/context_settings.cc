#include "proxy/tls/context_settings.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include <openssl/err.h>

#include "proxy/tls/cipher_list.h"
#include "proxy/tls/error_text.h"
#include "proxy/tls/key_log.h"

namespace outrigger::tls {
namespace {

using Version = config::TlsVersion;

constexpr const char* kDefaultCurves = "X25519:P-256";
constexpr const char* kClientSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

int number_of(Version version, int otherwise) {
  switch (version) {
    case Version::tls1_0:
      return TLS1_VERSION;
    case Version::tls1_1:
      return TLS1_1_VERSION;
    case Version::tls1_2:
      return TLS1_2_VERSION;
    case Version::tls1_3:
      return TLS1_3_VERSION;
    case Version::auto_:
      break;
  }
  return otherwise;
}

absl::Status set_versions(SSL_CTX* ctx, const config::TlsContext& context, bool server) {
  // Envoy: clients stop at 1.2 unless told otherwise.
  int low = number_of(context.min_version, TLS1_2_VERSION);
  int high = number_of(context.max_version, server ? TLS1_3_VERSION : TLS1_2_VERSION);
  // OpenSSL keeps TLS below 1.2 for its lowest level; level 1 else, which is about what BoringSSL
  // accepts: no SHA-1 signatures, RSA from 1024 bits (ours are held to 2048 elsewhere).
  SSL_CTX_set_security_level(ctx, low < TLS1_2_VERSION ? 0 : 1);
  if (SSL_CTX_set_min_proto_version(ctx, low) != 1 || SSL_CTX_set_max_proto_version(ctx, high) != 1)
    return absl::InvalidArgumentError("tls_params: " + take_reasons());
  return absl::OkStatus();
}

absl::Status set_algorithms(SSL_CTX* ctx, const config::TlsContext& context) {
  if (absl::Status status = set_ciphers(ctx, context.ciphers); !status.ok()) {
    return absl::InvalidArgumentError("tls_params.cipher_suites: " + std::string(status.message()));
  }
  std::string curves = context.curves.empty() ? kDefaultCurves : absl::StrJoin(context.curves, ":");
  if (SSL_CTX_set1_curves_list(ctx, curves.c_str()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        fmt::format("tls_params.ecdh_curves: failed to initialize ECDH curves {}", curves));
  }
  std::string signatures = absl::StrJoin(context.signature_algorithms, ":");
  if (!signatures.empty() && SSL_CTX_set1_sigalgs_list(ctx, signatures.c_str()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        fmt::format("tls_params.signature_algorithms: failed to initialize TLS signature "
                    "algorithms {}",
                    signatures));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SslCtxPtr> make_ssl_ctx(const config::TlsContext& context, bool server) {
  ERR_clear_error();
  SslCtxPtr ctx(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  if (ctx == nullptr) return absl::ResourceExhaustedError(take_reasons());
  if (absl::Status status = set_versions(ctx.get(), context, server); !status.ok()) return status;
  if (absl::Status status = set_algorithms(ctx.get(), context); !status.ok()) return status;
  // An idle connection keeps no record buffers. A write is repeated from where it is then.
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN |
                                  SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_send_fragment(ctx.get(), kMaxRecordBytes);
  // AES-128 is the cheapest; a server that follows its clients takes it.
  if (!server) SSL_CTX_set_ciphersuites(ctx.get(), kClientSuites);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_COMPRESSION);
  KeyLog::attach(ctx.get(), context.key_log_path);
  if (server || !context.allow_renegotiation)
    SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION);
  return ctx;
}

absl::Status use_key_pair(SSL_CTX* ctx, const KeyPair& pair) {
  if (SSL_CTX_use_certificate(ctx, pair.leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(ctx, pair.key.get()) != 1)
    return absl::InvalidArgumentError(take_reasons());
  for (const X509Ptr& certificate : pair.chain) {
    if (SSL_CTX_add1_chain_cert(ctx, certificate.get()) != 1)
      return absl::InvalidArgumentError(take_reasons());
  }
  return absl::OkStatus();
}

std::string alpn_wire(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) continue;
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

}  // namespace outrigger::tls
