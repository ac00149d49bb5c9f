// KeyPair: a certificate with its chain and its key, parsed. Thread: each worker parses its own.
// Lifetime: the SSL_CTX's that uses it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/config/tls.h"
#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

struct KeyPair {
  X509Ptr leaf;
  std::vector<X509Ptr> chain;  // what follows the leaf
  EvpKeyPtr key;
};

// Every certificate of a PEM text; an error if it has none or a broken one.
absl::StatusOr<std::vector<X509Ptr>> parse_certificates(const std::string& pem);

// The key must be the leaf's. RSA from 2048 bits, EC on the NIST curves, as Envoy asks. Errors open
// with the field inside of TlsCertificate: "private_key: ...".
absl::StatusOr<KeyPair> parse_key_pair(const config::TlsCertificate& certificate);

}  // namespace outrigger::tls
