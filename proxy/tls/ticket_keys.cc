#include "proxy/tls/ticket_keys.h"

#include <cstring>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace outrigger::tls {
namespace {

constexpr size_t kNameBytes = 16;
constexpr size_t kHmacBytes = 32;

unsigned char* octets(std::string& text, size_t at) {
  return reinterpret_cast<unsigned char*>(text.data() + at);
}

bool set_up(std::string& key, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
            bool encrypt) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, octets(key, kNameBytes), kHmacBytes),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, octets(key, kNameBytes + kHmacBytes),
                           iv, encrypt ? 1 : 0) == 1 &&
         EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

}  // namespace

std::string make_ticket_key() {
  std::string key(kTicketKeyBytes, '\0');
  if (RAND_bytes(octets(key, 0), static_cast<int>(key.size())) != 1) key.clear();
  return key;
}

TicketKeys::TicketKeys(const config::TlsContext& context) : keys_(context.ticket_keys) {
  if (!keys_.empty()) return;
  ring_ = context.shared_ticket_keys;
  // Without a ring the keys are this worker's own, as OpenSSL's would be.
  if (ring_ == nullptr) keys_.push_back(make_ticket_key());
}

void TicketKeys::refresh() {
  if (ring_ == nullptr || (ring_->version() == version_ && !keys_.empty())) return;
  version_ = ring_->version();
  keys_ = ring_->keys();
}

int TicketKeys::use(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, bool encrypt) {
  refresh();
  if (encrypt) {
    if (keys_.empty() || keys_.front().size() != kTicketKeyBytes) return -1;
    std::memcpy(name, keys_.front().data(), kNameBytes);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    return set_up(keys_.front(), iv, cipher, mac, true) ? 1 : -1;
  }
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].size() != kTicketKeyBytes || std::memcmp(name, keys_[i].data(), kNameBytes) != 0)
      continue;
    if (!set_up(keys_[i], iv, cipher, mac, false)) return -1;
    return i == 0 ? 1 : 2;
  }
  return 0;
}

}  // namespace outrigger::tls
