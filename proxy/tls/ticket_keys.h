// TicketKeys: encrypts and reads the session tickets of one context on one worker, with the
// configured keys or those of the process. Thread: that worker; no lock unless the keys changed.
#pragma once

#include <string>
#include <vector>

#include "api/config/tls.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

// Name, HMAC key and AES key of one configured key, as Envoy cuts the 80 octets.
constexpr size_t kTicketKeyBytes = 16 + 32 + 32;

// A fresh random key.
std::string make_ticket_key();

class TicketKeys {
 public:
  explicit TicketKeys(const config::TlsContext& context);

  // For SSL_CTX_set_tlsext_ticket_key_evp_cb: 1 all well, 2 all well but give a new ticket, 0 this
  // ticket cannot be read, -1 failure.
  int use(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
          bool encrypt);

 private:
  void refresh();

  std::shared_ptr<const config::TicketKeyRing> ring_;  // nullptr: the configured ones
  uint64_t version_ = 0;
  std::vector<std::string> keys_;
};

}  // namespace outrigger::tls
