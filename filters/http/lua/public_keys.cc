#include "filters/http/lua/public_keys.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "filters/http/lua/value.h"

namespace outrigger::filters::lua {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const EVP_MD* digest_of(std::string_view name) {
  const std::string lower = lower_case(name);
  if (lower == "sha1") return EVP_sha1();
  if (lower == "sha224") return EVP_sha224();
  if (lower == "sha256") return EVP_sha256();
  if (lower == "sha384") return EVP_sha384();
  if (lower == "sha512") return EVP_sha512();
  return nullptr;
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

const std::string* PublicKeys::import(std::string_view der) {
  for (const Key& known : keys_) {
    if (known.der == der) return &known.der;
  }
  const unsigned char* at = octets(der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  ERR_clear_error();
  if (key == nullptr) return nullptr;
  keys_.push_front({std::string(der), std::unique_ptr<EVP_PKEY, Free>(key)});
  return &keys_.front().der;
}

EVP_PKEY* PublicKeys::find(std::string_view der) const {
  for (const Key& known : keys_) {
    if (known.der == der) return known.key.get();
  }
  return nullptr;
}

std::optional<std::string> PublicKeys::verify(std::string_view hash, std::string_view der,
                                              std::string_view signature,
                                              std::string_view text) const {
  const EVP_MD* digest = digest_of(hash);
  if (digest == nullptr) return std::string(hash) + " is not supported.";
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  EVP_PKEY* key = find(der);
  if (context == nullptr || key == nullptr ||
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) {
    ERR_clear_error();
    return "Failed to initialize digest verify.";
  }
  int good = EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text),
                              text.size());
  ERR_clear_error();
  if (good == 1) return std::nullopt;
  return "Failed to verify digest. Error code: " + std::to_string(good < 0 ? 0 : good);
}

}  // namespace outrigger::filters::lua
