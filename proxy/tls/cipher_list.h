// Cipher lists as BoringSSL writes them, for OpenSSL. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "proxy/tls/openssl_ptr.h"

namespace outrigger::tls {

// Sets the ciphers of TLS 1.2 and below; an empty list means Envoy's default. "[A|B]" are equal:
// the client's order decides between them. OpenSSL has that for ChaCha20 only
// (SSL_OP_PRIORITIZE_CHACHA), which is what such groups are for. An error names the ciphers that
// OpenSSL does not have.
absl::Status set_ciphers(SSL_CTX* ctx, const std::vector<std::string>& ciphers);

}  // namespace outrigger::tls
