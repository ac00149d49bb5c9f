#include "proxy/tls/key_pair.h"

#include "fmt/format.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "proxy/tls/error_text.h"

namespace outrigger::tls {
namespace {

constexpr int kMinRsaBits = 2048;

absl::Status invalid(std::string text) {
  return absl::InvalidArgumentError(std::move(text));
}

bool only_end_of_text() {
  unsigned long error = ERR_peek_last_error();
  bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (end) ERR_clear_error();
  return end;
}

// OpenSSL asks for the password through this; without one it would ask the terminal.
int give_password(char* buffer, int size, int, void* context) {
  const auto& password = *static_cast<const std::string*>(context);
  if (static_cast<int>(password.size()) > size) return -1;
  password.copy(buffer, password.size());
  return static_cast<int>(password.size());
}

absl::Status read_pem(const config::TlsCertificate& from, KeyPair& pair) {
  auto chain = parse_certificates(from.chain_pem);
  if (!chain.ok()) {
    return invalid(fmt::format("certificate_chain: failed to load certificate chain from {}: {}",
                               from.chain_source, std::string(chain.status().message())));
  }
  pair.leaf = std::move(chain->front());
  for (size_t i = 1; i < chain->size(); ++i) pair.chain.push_back(std::move((*chain)[i]));
  if (from.key_pem.empty()) return invalid("private_key: value is required");
  BioPtr bio = memory_bio(from.key_pem);
  pair.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password,
                                         const_cast<std::string*>(&from.password)));
  if (pair.key == nullptr) {
    return invalid(fmt::format("private_key: failed to load private key from {}: {}",
                               from.key_source, take_reasons()));
  }
  return absl::OkStatus();
}

absl::Status read_pkcs12(const config::TlsCertificate& from, KeyPair& pair) {
  BioPtr bio = memory_bio(from.pkcs12);
  std::unique_ptr<PKCS12, FreeWith<PKCS12_free>> bundle(d2i_PKCS12_bio(bio.get(), nullptr));
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* more = nullptr;
  const char* password = from.password.empty() ? nullptr : from.password.c_str();
  bool parsed = bundle != nullptr && PKCS12_parse(bundle.get(), password, &key, &leaf, &more) == 1;
  pair.key.reset(key);
  pair.leaf.reset(leaf);
  while (more != nullptr && sk_X509_num(more) > 0) pair.chain.emplace_back(sk_X509_shift(more));
  sk_X509_free(more);
  if (!parsed || key == nullptr || leaf == nullptr) {
    return invalid(
        fmt::format("pkcs12: failed to load from {}: {}", from.chain_source, take_reasons()));
  }
  return absl::OkStatus();
}

absl::Status check_strength(const config::TlsCertificate& from, const KeyPair& pair) {
  EVP_PKEY* key = X509_get0_pubkey(pair.leaf.get());
  if (key != nullptr && EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) < kMinRsaBits) {
    return invalid(fmt::format(
        "certificate_chain: failed to load certificate chain from {}, only RSA certificates with "
        "2048-bit or larger keys are supported",
        from.chain_source));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<X509Ptr>> parse_certificates(const std::string& pem) {
  ERR_clear_error();
  BioPtr bio = memory_bio(pem);
  std::vector<X509Ptr> all;
  while (X509* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr))
    all.emplace_back(certificate);
  if (!only_end_of_text()) return invalid(take_reasons());
  if (all.empty()) return invalid("no certificate found");
  return all;
}

absl::StatusOr<KeyPair> parse_key_pair(const config::TlsCertificate& certificate) {
  ERR_clear_error();
  KeyPair pair;
  absl::Status status =
      certificate.pkcs12.empty() ? read_pem(certificate, pair) : read_pkcs12(certificate, pair);
  if (!status.ok()) return status;
  if (status = check_strength(certificate, pair); !status.ok()) return status;
  if (X509_check_private_key(pair.leaf.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    return invalid(
        fmt::format("private_key: the key of {} does not belong to the certificate of {}",
                    certificate.key_source, certificate.chain_source));
  }
  return pair;
}

}  // namespace outrigger::tls
