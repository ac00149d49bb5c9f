// Signatures, by OpenSSL.
#include <memory>

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include "filters/http/jwt_authn/jwks.h"

namespace outrigger::filters::jwt_authn {
namespace {

constexpr size_t kEd25519SignatureOctets = 64;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool check(EVP_PKEY* key, const Algorithm& algorithm, std::string_view signature,
           std::string_view text) {
  Context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // the digest context's
  if (context == nullptr || EVP_DigestVerifyInit_ex(context.get(), &key_context, algorithm.digest,
                                                    nullptr, nullptr, key, nullptr) != 1) {
    return false;
  }
  // The salt is as long as the digest (RFC 7518, 3.5).
  if (algorithm.pss &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text),
                          text.size()) == 1;
}

// A token has the two numbers side by side (RFC 7518, 3.4), OpenSSL wants DER.
std::string to_der(std::string_view signature) {
  std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> both(ECDSA_SIG_new(), &ECDSA_SIG_free);
  auto half = static_cast<int>(signature.size() / 2);
  BIGNUM* r = BN_bin2bn(octets(signature), half, nullptr);
  BIGNUM* s = BN_bin2bn(octets(signature) + half, half, nullptr);
  if (both == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(both.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  int size = i2d_ECDSA_SIG(both.get(), &der);
  std::string out(reinterpret_cast<const char*>(der), size < 0 ? 0 : static_cast<size_t>(size));
  OPENSSL_free(der);
  return out;
}

bool check_ec(const Jwk& key, const Jwt& jwt) {
  if (key.curve != jwt.algorithm->curve) return false;
  auto coordinate = static_cast<size_t>((EVP_PKEY_get_bits(key.key.get()) + 7) / 8);
  if (jwt.signature.size() != 2 * coordinate) return false;
  std::string der = to_der(jwt.signature);
  return !der.empty() && check(key.key.get(), *jwt.algorithm, der, jwt.signed_part);
}

bool check_secret(const Jwk& key, const Jwt& jwt) {
  unsigned char code[EVP_MAX_MD_SIZE];
  size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, jwt.algorithm->digest, nullptr, key.secret.data(),
                key.secret.size(), octets(jwt.signed_part), jwt.signed_part.size(), code,
                sizeof code, &size) == nullptr) {
    return false;
  }
  // In constant time: who measures must not learn how much of a guess was right.
  return size == jwt.signature.size() && CRYPTO_memcmp(code, jwt.signature.data(), size) == 0;
}

bool signed_by(const Jwk& key, const Jwt& jwt) {
  switch (key.kind) {
    case KeyKind::ec:
      return check_ec(key, jwt);
    case KeyKind::secret:
      return check_secret(key, jwt);
    case KeyKind::rsa:
    case KeyKind::ed25519:
      return check(key.key.get(), *jwt.algorithm, jwt.signature, jwt.signed_part);
  }
  return false;
}

}  // namespace

Status verify(const Jwt& jwt, const Jwks& keys) {
  bool candidates = false;
  for (const Jwk& key : keys.keys) {
    if (!jwt.kid.empty() && !key.kid.empty() && jwt.kid != key.kid) continue;
    if (!key.alg.empty() && key.alg != jwt.algorithm->name) continue;
    candidates = true;
    // The token says how it is signed, the key decides whether it may be.
    if (key.kind != jwt.algorithm->key) continue;
    if (key.kind == KeyKind::ed25519 && jwt.signature.size() != kEd25519SignatureOctets) {
      return Status::ed25519_signature_length;
    }
    bool good = signed_by(key, jwt);
    ERR_clear_error();
    if (good) return Status::ok;
  }
  return candidates ? Status::verification_failed : Status::no_matching_key;
}

}  // namespace outrigger::filters::jwt_authn
